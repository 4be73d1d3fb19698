using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <summary>When the trainer tests the chain and writes checkpoints.</summary>
/// <param name="EvaluateEveryEpochs">Epochs between tests; 0 for none, not even at the end.</param>
/// <param name="CheckpointEveryEpochs">Epochs between checkpoints; 0 for the end alone.</param>
/// <param name="CheckpointMinInterval">Least time between two checkpoints.</param>
public sealed record TrainerCadence(int EvaluateEveryEpochs, int CheckpointEveryEpochs, TimeSpan CheckpointMinInterval);

/// <content>Where training meets the world: tests of the chain, checkpoints, and the end of a run, which waits for both.</content>
public sealed partial class TrainerActor
{
    private static readonly TimeSpan ConcludeWithin = TimeSpan.FromMinutes(10);

    // Epochs that are over and whose test is not, in order; the last one's test is asked for when the head is ready too.
    private readonly Queue<(int Epoch, long TotalSteps)> untested = [];

    // What the end of the run still waits for.
    private RunEffect.Ended? ending;
    private int evaluations;
    private bool saving;
    private bool savedLast;
    private RunEnded? ended;
    private bool announced;
    private TimeSpan lastCheckpoint;

    // A head's state says what blocks asked of it up to some moment: a checkpoint holds the blocks of that moment.
    private readonly SortedDictionary<long, ImmutableArray<Snapshot?>> pairs = [];
    private (ImmutableArray<Snapshot?> Blocks, Snapshot? Head, long HeadSteps, long History) pair = ([], null, 0, 0);
    private int tested;
    private ImmutableArray<double> accuracy = [];

    private void ReceiveMilestones()
    {
        Receive<ConcludeTimeout>(_ => GiveUpWaiting($"the trainer has waited {ConcludeWithin.TotalMinutes:0} minutes for the {(evaluations > 0 ? "evaluation" : "recorder")}"));
        Receive<Evaluated>(Evaluated);
        Receive<EvaluationFailed>(failed =>
        {
            evaluations--;
            untested.Dequeue();
            Break($"the chain could not be tested: {failed.Reason}");
            FinishIfDone();
        });
        Receive<CheckpointSaved>(saved =>
        {
            saving = false;
            Tell(saved);
            FinishIfDone();
        });
        Receive<RecordingFailed>(failed =>
        {
            if (ended is null)
            {
                (saving, savedLast) = (false, true);
                Break(failed.Reason);
                FinishIfDone();
            }
            else
            {
                AnnounceFailure(failed.Reason);
            }
        });
        Receive<RunRecorded>(_ => Announce());
    }

    /// <summary>A checkpoint can hold the end of an epoch whose test a kill has cut off.</summary>
    private void TestWhatWasMissed()
    {
        for (int epoch = tested + 1; epoch <= state.EpochsDone; epoch++)
        {
            TestIfDue(epoch);
        }
    }

    private void TestIfDue(int epoch)
    {
        bool last = epoch == state.Goal.Epochs;
        if (cadence.EvaluateEveryEpochs > 0 && (last || epoch % cadence.EvaluateEveryEpochs == 0))
        {
            untested.Enqueue((epoch, state.TotalSteps));
            // The last test waits for the head, so that it reads the final classifier too.
            Evaluate();
        }
    }

    private void CompleteEpoch(int epoch)
    {
        bool last = epoch == state.Goal.Epochs;
        TestIfDue(epoch);
        if (!last && cadence.CheckpointEveryEpochs > 0 && epoch % cadence.CheckpointEveryEpochs == 0 && meter.Elapsed - lastCheckpoint >= cadence.CheckpointMinInterval)
        {
            Save();
        }
    }

    private void Evaluate()
    {
        // Without a classifier there is no answer to test; a head that gets little of the processors reports its first one late.
        while (headState is not null && untested.Count > evaluations && (ending is not null || untested.ElementAt(evaluations).Epoch < state.Goal.Epochs))
        {
            PublishNow();
            partners.Evaluation.Tell(new Evaluate(untested.ElementAt(evaluations++).Epoch));
        }
    }

    private void Evaluated(Evaluated result)
    {
        evaluations--;
        accuracy = result.AccuracyPerBlock;
        (int epoch, long totalSteps) = untested.Dequeue();
        tested = epoch;
        Tell(new EpochFinished(epoch, result.AccuracyPerBlock, totalSteps, meter.Total));
        FinishIfDone();
    }

    private void KeepPair(HeadAdvanced advanced)
    {
        if (pairs.TryGetValue(advanced.To, out ImmutableArray<Snapshot?> then))
        {
            pair = (then, advanced.State, headSteps, history);
        }

        foreach (long past in pairs.Keys.TakeWhile(to => to <= advanced.To).ToArray())
        {
            pairs.Remove(past);
        }
    }

    private void Save()
    {
        (ImmutableArray<Snapshot?> now, Snapshot? itsHead, long accounted, long entries) =
            state.Goal.Coupled ? pair : ([.. blocks, .. centers.States], headState, headSteps, history);
        ImmutableArray<Snapshot> snapshots = [.. now.Append(itsHead).OfType<Snapshot>()];
        long steps = BlockId.UpTo(state.Goal.Blocks, state.Goal.Replicas).Sum(block => snapshots.FirstOrDefault(snapshot => snapshot.Name == block.FileName)?.Clock ?? 0);
        if (partners.Recorder is null || saving || steps == 0)
        {
            return;
        }

        saving = true;
        spares?.Keep(now.OfType<Snapshot>());
        lastCheckpoint = meter.Elapsed;
        partners.Recorder.Tell(new SaveCheckpoint(new Checkpoint(
            steps,
            snapshots,
            new Dictionary<string, string>
            {
                [WallSecondsKey] = meter.Total.TotalSeconds.ToString("R", CultureInfo.InvariantCulture),
                [GrantsKey] = state.Grants.ToString(CultureInfo.InvariantCulture),
                [TestedKey] = tested.ToString(CultureInfo.InvariantCulture),
                [FenceKey] = state.Fence.ToString(CultureInfo.InvariantCulture),
                [HeadStepsKey] = accounted.ToString(CultureInfo.InvariantCulture),
                [HistoryKey] = entries.ToString(CultureInfo.InvariantCulture),
                // Those to come are part of it: what is saved may be older, and nobody has gone beyond a step at which another rule begins.
                [ReplicaSchedules.Key] = ReplicaSchedules.TextOf(state.Schedules),
            }.Where(entry => entry.Value.Length > 0).ToDictionary())));
    }

    private void End(RunEffect.Ended ended)
    {
        meter.Stop();
        if (meter.Throughput(state) is { } last)
        {
            Tell(last);
        }

        ending = ended;
        AnswerChoosers(new PoliciesRefused("the run has ended"));
        Timers.StartSingleTimer(nameof(ConcludeTimeout), new ConcludeTimeout(), ConcludeWithin);
        if (ended.Complete && cadence.EvaluateEveryEpochs > 0)
        {
            // A run that was killed between its last checkpoint and its last test is resumed only to be tested.
            if (untested.Count == 0 && accuracy.IsEmpty)
            {
                untested.Enqueue((state.EpochsDone, state.TotalSteps));
            }

            Evaluate();
        }

        FinishIfDone();
    }

    private void FinishIfDone()
    {
        bool testing = evaluations > 0 && ending?.Failure is null;
        if (ending is null || testing || saving)
        {
            return;
        }

        if (!savedLast)
        {
            savedLast = true;
            Save();
        }

        if (!saving)
        {
            Conclude(ending.Failure);
        }
    }

    private void Conclude(string? failure)
    {
        RunOutcome outcome = failure is not null ? RunOutcome.Failed : ending!.Complete ? RunOutcome.Completed : RunOutcome.Stopped;
        ImmutableArray<Snapshot> snapshots = Snapshots();
        ended = new RunEnded(outcome, failure, meter.Figures(state, accuracy, snapshots), snapshots);
        ending = null;
        if (partners.Recorder is null)
        {
            Announce();
        }
        else
        {
            partners.Recorder.Tell(ended);
        }
    }

    private void GiveUpWaiting(string reason)
    {
        if (ended is null)
        {
            Conclude(reason);
        }
        else
        {
            AnnounceFailure(reason);
        }
    }

    private void AnnounceFailure(string reason)
    {
        ended = ended! with { Outcome = RunOutcome.Failed, Reason = ended.Reason ?? reason };
        Announce();
    }

    // Whoever watches is told last, when all of it is on disk, and once: a full disk fails for every event that was under way.
    private void Announce()
    {
        if (!announced)
        {
            announced = true;
            Timers.CancelAll();
            PublishNow();
            partners.Observer.Tell(ended);
        }
    }

    private sealed record ConcludeTimeout;
}
