using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Training;

/// <summary>The actors around the trainer.</summary>
/// <param name="Inference">Gets published snapshots.</param>
/// <param name="Evaluation">Tests the chain.</param>
/// <param name="Recorder">Writes checkpoints, and is told every event; null where nothing is recorded.</param>
/// <param name="Observer">Told every event.</param>
/// <param name="HeadProps">Makes the head, a child of the trainer.</param>
/// <param name="LendsStates">Whether the chain gives states back when it has newer ones, and every worker is in this process: their memory is used again.</param>
/// <param name="CenterProps">Makes the centre of a block, with how its replicas meet, from its snapshot, a child of the trainer; null where blocks have no replicas.</param>
public sealed record TrainerPartners(
    IActorRef Inference, IActorRef Evaluation, IActorRef? Recorder, IActorRef Observer, Props HeadProps, Func<BlockId, ReplicaSchedule, Snapshot?, Props>? CenterProps = null,
    bool LendsStates = false);

/// <summary>
/// Runs a training: hands out leases, moves the clocks, publishes snapshots. Every decision is <see cref="RunLogic"/>'s; this actor keeps
/// the newest snapshots and carries the effects out.
/// </summary>
public sealed partial class TrainerActor : ReceiveActor, IWithTimers
{
    /// <summary>Key of the wall time in a checkpoint's state, in seconds.</summary>
    public const string WallSecondsKey = "wallSeconds";

    /// <summary>Key of the number of leases granted in a checkpoint's state.</summary>
    public const string GrantsKey = "grants";

    /// <summary>Key of the newest epoch that was tested in a checkpoint's state.</summary>
    public const string TestedKey = "tested";

    /// <summary>Key of the number of switches of policies in a checkpoint's state.</summary>
    public const string FenceKey = "fence";

    /// <summary>Key of the steps of blocks that the head's state stands for in a checkpoint's state.</summary>
    public const string HeadStepsKey = "headSteps";

    /// <summary>Key of the number of entries of the replay log that lead to the head's state in a checkpoint's state.</summary>
    public const string HistoryKey = "history";

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly TrainerPartners partners;
    private readonly TrainerCadence cadence;
    private readonly Supervision supervision;
    private readonly Snapshot?[] blocks;
    private readonly RunMeter meter;
    private readonly IActorRef head;
    private readonly SpareStates? spares;
    private bool exact;
    private long headSteps;
    private long history;
    private long headHistory;
    private RunState state;
    private Snapshot? headState;
    private string headFailure = "its actor stopped";

    /// <summary>A trainer that begins when its first worker registers.</summary>
    /// <param name="goal">What is to be reached.</param>
    /// <param name="resume">Where to go on; null to begin.</param>
    /// <param name="cadence">When to test and to save.</param>
    /// <param name="supervision">How often the head may fail.</param>
    /// <param name="partners">The actors around it.</param>
    public TrainerActor(RunGoal goal, Checkpoint? resume, TrainerCadence cadence, Supervision supervision, TrainerPartners partners)
    {
        (this.partners, this.cadence, this.supervision) = (partners, cadence, supervision);
        blocks = [.. BlockId.UpTo(goal.Blocks, goal.Replicas).Select(block => resume?.Snapshots.FirstOrDefault(snapshot => snapshot.Name == block.FileName))];
        centers = new(goal, resume);
        headState = resume?.Snapshots.FirstOrDefault(snapshot => !blocks.Contains(snapshot) && !centers.States.Contains(snapshot));
        long[] clocks = [.. blocks.Select(block => block?.Clock ?? 0)];
        headSteps = CountOf(resume, HeadStepsKey, headState?.Clock ?? 0);
        history = headHistory = HistoryOf(resume);
        // A head ahead of the blocks, as it can be after a run in any other order, has passed the versions that theirs is to find.
        exact = headSteps == clocks.Sum();
        // Where blocks move the head, its checkpoint holds all that theirs have asked of it, and may hold more.
        ImmutableArray<ReplicaSchedule> schedules = ReplicaSchedules.Of(resume, goal.Policies.Replicas, goal.Blocks / goal.Replicas);
        HashSet<int> meeting = [.. centers.Waiting(schedules, clocks, goal.StepsPerEpoch)];
        state = RunState.Begin(goal, clocks, goal.Coupled ? clocks.Sum() : headSteps, CountOf(resume, GrantsKey), schedules, meeting) with
        {
            Fence = CountOf(resume, FenceKey),
        };
        meter = new RunMeter(TimeSpan.FromSeconds(double.Parse(resume?.State.GetValueOrDefault(WallSecondsKey) ?? "0", CultureInfo.InvariantCulture)), state);
        tested = (int)CountOf(resume, TestedKey);
        head = Context.Watch(Context.ActorOf(partners.HeadProps, "head"));
        // Where blocks meet each other or move the head, others read their states too.
        spares = partners.LendsStates && goal is { Replicas: 1, Coupled: false } ? new() : null;
        spares?.Keep(blocks.OfType<Snapshot>());
        // Its timers begin with its first message.
        partners.Inference.Tell(new PublishSnapshots(Snapshots()));

        Receive<StepsCommitted>(commit => Handle(new RunInput.Committed(commit.Lease, commit.To, commit.ComputeTime), commit));
        Receive<LeaseRenewed>(renewed => Handle(new RunInput.Renewed(renewed.Lease) { Device = renewed.Device }));
        Receive<HeadAdvanced>(advanced =>
        {
            headState = advanced.State;
            Tell(advanced.Entries);
            headHistory = history;
            headSteps = advanced.Clock;
            KeepPair(advanced);
            Publish([advanced.State]);
            Evaluate();
            if (!advanced.Updates.IsEmpty)
            {
                Tell(new UpdatesTaken(advanced.Updates));
            }

            Tell(new HeadTrained(advanced.State.Clock, advanced.Loss));
            Handle(new RunInput.HeadAdvanced(advanced.To));
        });
        Receive<BlockRestarted>(restarted => Tell(new Restarted(restarted.Block.ToString(), restarted.Cause)));
        Receive<HeadFailed>(failed => Tell(failed.Entries));
        Receive<HeadRestarted>(restarted =>
        {
            Tell(new Restarted("head", restarted.Cause));
            AdvanceHead(state.TotalSteps, afterRestart: true);
            Handle(new RunInput.HeadLost());
        });
        Receive<BlockGaveUp>(gaveUp => Break($"{gaveUp.Cause}; it failed {supervision.MaxFailures} times within {supervision.Within.TotalSeconds:0} s"));
        Receive<Terminated>(terminated => PartnerStopped(terminated.ActorRef));
        Receive<StopRun>(_ => Handle(new RunInput.StopRequested()));
        Receive<GradientProbed>(Tell);
        Receive<Tick>(_ =>
        {
            Handle(new RunInput.Tick());
            TellThroughput();
        });
        Receive<GetPolicies>(_ => Sender.Tell(Policies));
        Receive<GetTrainingStatus>(_ => Sender.Tell(new TrainingStatus(null, null, PlacementReport.Blocks(state), PlacementReport.Workers(state), "")
        {
            Target = state.Goal.Target,
            Policy = state.Goal.Policies.Blocks.Name,
        }));
        Receive<SetPolicies>(asked => Choose(() => asked.Policies));
        Receive<ChangePolicies>(_ => Sender.Tell(Policies), asked => asked.Changes.Count == 0);
        Receive<ChangePolicies>(asked => Choose(() => PolicyTable.Change((state.NextPolicies ?? state.Goal.Policies).Settings, asked.Changes)));
        ReceiveWorkers();
        ReceiveMilestones();
        ReceiveReplicas();
        Receive<PublishDue>(_ => PublishNow());
        Receive<SnapshotReturned>(returned => spares?.Return(returned.Snapshot));
    }

    /// <summary>Entries of the replay log that lead to a checkpoint's head; 0 where there is no checkpoint.</summary>
    public static long HistoryOf(Checkpoint? checkpoint) => CountOf(checkpoint, HistoryKey);

    /// <summary>A count in a checkpoint's state.</summary>
    /// <param name="checkpoint">The checkpoint; null for none.</param>
    /// <param name="key">One of the keys above.</param>
    /// <param name="otherwise">What it is where there is no checkpoint, or none that says it.</param>
    public static long CountOf(Checkpoint? checkpoint, string key, long otherwise = 0) =>
        checkpoint?.State.TryGetValue(key, out string? count) == true ? long.Parse(count, CultureInfo.InvariantCulture) : otherwise;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TickInterval);

    /// <summary>A trainer that throws has lost what it knew; whoever waits for the run must hear of it.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        ended ??= new RunEnded(RunOutcome.Failed, null, meter.Figures(state, accuracy, []), Snapshots());
        AnnounceFailure($"the trainer failed: {reason.Message.Split('\n')[0]}");
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => supervision.Strategy(failure => headFailure = failure.Message);

    private void Handle(RunInput input, StepsCommitted? commit = null)
    {
        (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, input, meter.Elapsed);
        foreach (RunEffect effect in effects)
        {
            CarryOut(effect, commit);
        }

        AnswerDrainers();
    }

    private void CarryOut(RunEffect effect, StepsCommitted? commit)
    {
        switch (effect)
        {
            // Comes before the grants that follow from it, so a lease carries the newest state.
            case RunEffect.Accept:
                Accept(commit!);
                break;
            case RunEffect.Grant grant:
                meter.Leases.Grant(grant.Lease, meter.Elapsed);
                workers[grant.Lease.Worker].Tell(new GrantLease(
                    grant.Lease,
                    blocks[grant.Lease.Block.Index],
                    state.Goal.Coupled ? new SharedSource(head, exact && state.Goal.Sequential ? state.TotalSteps : null, state.Goal.Policies.Settings.Refresh) : null,
                    centers.HasMoved(grant.Lease.Block))
                {
                    Spare = spares?.Take(),
                });
                break;
            case RunEffect.Meet meet:
                Meet(meet.Replica);
                break;
            case RunEffect.Truncate truncate:
                workers[truncate.Lease.Worker].Tell(new TruncateLease(truncate.Lease));
                break;
            case RunEffect.Revoke revoke:
                meter.Leases.End(revoke.Lease, accepted: false, meter.Elapsed);
                workers.GetValueOrDefault(revoke.Lease.Worker)?.Tell(new RevokeLease(revoke.Lease));
                head.Tell(new LeaseOver(revoke.Lease));
                Tell(new LeaseRevoked(revoke.Lease, revoke.Reason));
                break;
            case RunEffect.Refuse refuse:
                Tell(new CommitRefused(refuse.Lease));
                break;
            case RunEffect.AdvanceHead advance:
                AdvanceHead(advance.To);
                break;
            case RunEffect.SwitchPolicies switched:
                SwitchTo(switched);
                break;
            case RunEffect.EpochCompleted completed:
                CompleteEpoch(completed.Epoch);
                break;
            case RunEffect.Ended ended:
                End(ended);
                break;
        }
    }

    private void AdvanceHead(long to, bool afterRestart = false)
    {
        if (state.Goal.Coupled)
        {
            pairs[to] = [.. blocks, .. centers.States];
        }

        head.Tell(new AdvanceHead(to, headState, afterRestart, state.Goal.Policies, headHistory));
    }

    private void Accept(StepsCommitted commit)
    {
        if (spares is not null && blocks[commit.Lease.Block.Index] is { } older)
        {
            spares.Replace(older);
        }

        blocks[commit.Lease.Block.Index] = commit.State;
        centers.Committed(commit.Lease.Block);
        if (state.Goal.Replicas == 1)
        {
            Publish([commit.State]);
        }

        meter.Add(commit.Losses.Length, commit.ComputeTime);
        WaitTimes waited = commit.Waited + meter.Leases.End(commit.Lease, accepted: true, meter.Elapsed);
        if (commit.Losses.Length > 0)
        {
            Tell(new StepsTrained(
                commit.Lease.Block,
                commit.Lease.Steps with { To = commit.To },
                commit.Losses.Average(loss => loss.Loss),
                commit.Losses.Average(loss => loss.SquaredError),
                commit.To - state.MinClock,
                commit.ComputeTime,
                commit.Lease.Worker)
            {
                Waited = waited,
            });
        }
    }

    private void Break(string reason)
    {
        Handle(new RunInput.Broken(reason));
        // A run that has reached its goal can still fail to be tested or saved, and must not be called complete then.
        ending = ending is null ? null : ending with { Failure = ending.Failure ?? reason };
    }

    /// <summary>What the run has come to: the blocks, or the centres of their replicas, and the head.</summary>
    private ImmutableArray<Snapshot> Snapshots() => [.. (state.Goal.Replicas > 1 ? centers.States : blocks).Append(headState).OfType<Snapshot>()];

    private void Tell(ImmutableArray<ReplayEntry> entries)
    {
        history += entries.Length;
        if (!entries.IsEmpty)
        {
            Tell(new HeadHistory(entries));
        }
    }

    private void TellThroughput()
    {
        if (!state.Workers.IsEmpty && state.Phase != RunPhase.Ended && meter.Throughput(state) is { } throughput)
        {
            Tell(throughput);
        }
    }

    private void Tell(RunEvent runEvent)
    {
        partners.Recorder?.Tell(runEvent);
        partners.Observer.Tell(runEvent);
    }

    private sealed record Tick;
}
