using System.Text.Json.Serialization;
using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Replaying;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using TorchSharp;

namespace NoProp.Actors.Recording;

/// <summary>What is recorded, and how much of it is kept.</summary>
/// <param name="EverySteps">Steps of a block in one record.</param>
/// <param name="TensorBoard">Whether TensorBoard's event files are written too.</param>
/// <param name="KeepCheckpoints">Newest checkpoints that stay.</param>
/// <param name="RunConf">Text of <c>run.conf</c> under other policies; null where it is left as it is.</param>
public sealed record RecordingSettings(int EverySteps, bool TensorBoard, int KeepCheckpoints, Func<PolicySettings, string>? RunConf = null);

/// <summary>The only writer of a run folder: metrics, TensorBoard events, checkpoints, summary. What cannot be written ends the run.</summary>
public sealed class RunRecorderActor : ReceiveActor
{
    private readonly RunFolder folder;
    private readonly RecordingSettings settings;
    private RunDescription description;
    private readonly Lazy<MetricsLog> log;
    private readonly Lazy<TorchSharp.Modules.SummaryWriter?> tensorBoard;
    private readonly Dictionary<BlockId, Mean> blocks = [];
    private readonly Mean head = new();
    private readonly ReplayRecorder replay;
    private readonly Observatory observatory;

    /// <summary>A recorder over an open run folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="settings">What is recorded.</param>
    /// <param name="description">What the run is.</param>
    /// <param name="history">Entries of the replay log that lead to the checkpoint that the run goes on from.</param>
    public RunRecorderActor(RunFolder folder, RecordingSettings settings, RunDescription description, long history)
    {
        (this.folder, this.settings, this.description) = (folder, settings, description);
        observatory = new((type, values) => Metrics.Append(type, values));
        replay = new(folder, description.Seed, description.Blocks, history);
        // Opened by the first message and not here: what throws in a constructor ends the actor, and the trainer would wait for it in vain.
        log = new(() => new MetricsLog(folder.Metrics), LazyThreadSafetyMode.PublicationOnly);
        tensorBoard = new(
            () => settings.TensorBoard ? torch.utils.tensorboard.SummaryWriter(folder.TensorBoard, createRunName: true) : null,
            LazyThreadSafetyMode.PublicationOnly);
        Receive<SaveCheckpoint>(save => Try(() => Save(save.Checkpoint)));
        Receive<RunEnded>(ended => Try(() => Finish(ended)));
        Receive<RunEvent>(runEvent => Try(() => Record(runEvent)));
    }

    private MetricsLog Metrics => log.Value;

    /// <summary>Props on the recorder's own thread.</summary>
    public static Props Props(RunFolder folder, RecordingSettings settings, RunDescription description, long history = 0) =>
        Akka.Actor.Props.Create(() => new RunRecorderActor(folder, settings, description, history)).WithDispatcher(Dispatchers.Recorder);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (log.IsValueCreated)
        {
            log.Value.Dispose();
        }

        replay.Dispose();
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (NoPropException e)
        {
            Sender.Tell(new RecordingFailed(e.Message));
        }
        catch (Exception e)
        {
            // Whatever it is: thrown on, it would leave the trainer waiting for an answer.
            Sender.Tell(new RecordingFailed($"the run folder {folder.Path} cannot be written: {e.Message.Split('\n')[0]}"));
        }
    }

    private void Save(Checkpoint checkpoint)
    {
        // Metrics first: a run that is resumed here finds all that came before.
        Metrics.Flush();
        replay.Flush();
        folder.Checkpoints.Save(checkpoint);
        folder.Checkpoints.Prune(settings.KeepCheckpoints);
        Metrics.Append("checkpoint", new { checkpoint.Step });
        Sender.Tell(new CheckpointSaved(checkpoint.Step));
    }

    private void Finish(RunEnded ended)
    {
        foreach ((BlockId block, Mean mean) in blocks)
        {
            WriteSteps(block, mean);
        }

        WriteHead();
        observatory.Finish();
        replay.Flush();
        RunSummary summary = RunSummary.Of(description, ended);
        Metrics.Append("end", new { summary.Outcome, summary.Reason, summary.TestAccuracy, steps = summary.BlockSteps, summary.WallSeconds });
        Metrics.Flush();
        AtomicFile.Write(folder.Summary, summary.ToJson());
        Sender.Tell(new RunRecorded());
    }

    private void Record(RunEvent runEvent)
    {
        observatory.Observe(runEvent);
        switch (runEvent)
        {
            case StepsTrained trained:
                Mean mean = blocks.TryGetValue(trained.Block, out Mean? known) ? known : blocks[trained.Block] = new Mean();
                mean.Add(trained);
                if (mean.Count >= settings.EverySteps)
                {
                    WriteSteps(trained.Block, mean);
                }

                break;
            case HeadTrained trained:
                head.Add(trained.Clock, trained.Loss);
                if (head.Count >= settings.EverySteps)
                {
                    WriteHead();
                }

                break;
            case ThroughputMeasured:
                // Whoever follows the file sees what is new every few moments.
                Metrics.Flush();
                break;
            case PoliciesSwitched switched:
                Switch(switched);
                break;
            case HeadHistory history:
                replay.Append(history.Entries);
                break;
            case EpochFinished epoch:
                Metrics.Append("epoch", new
                {
                    epoch.Epoch,
                    steps = epoch.TotalSteps,
                    epoch.TestAccuracy,
                    epoch.TestAccuracyPerBlock,
                    elapsedSeconds = epoch.Elapsed.TotalSeconds,
                });
                Board("accuracy/test", (float)epoch.TestAccuracy, epoch.TotalSteps);
                Metrics.Flush();
                break;
            case RunStarted started:
                Metrics.Append("start", new
                {
                    clocks = started.Clocks,
                    started.Target,
                    started.StepsPerEpoch,
                    started.Slots,
                    elapsedSeconds = started.Elapsed.TotalSeconds,
                    description.Policy,
                    description.Policies,
                });
                if (replay.IsOff)
                {
                    Metrics.Append("replayOff", new { reason = $"{folder.ReplayLog} is missing: what follows cannot be replayed" });
                }

                break;
            case Restarted restarted:
                Metrics.Append("restart", new { restarted.What, restarted.Cause });
                break;
            case LeaseRevoked revoked:
                Metrics.Append("leaseRevoked", new { block = revoked.Lease.Block.Block.Value, revoked.Lease.Worker, revoked.Reason });
                break;
            case CommitRefused refused:
                Metrics.Append("commitRefused", new { block = refused.Lease.Block.Block.Value, refused.Lease.Worker });
                break;
        }
    }

    private void Switch(PoliciesSwitched switched)
    {
        description = description.With(switched.Policies);
        Metrics.Append("policies", new { switched.Fence, steps = switched.TotalSteps, description.Policies });
        Metrics.Flush();
        // A run that is resumed goes on with the policies that it had.
        if (settings.RunConf?.Invoke(switched.Policies) is { } text)
        {
            AtomicFile.Write(folder.Settings, text);
        }
    }

    private void WriteSteps(BlockId block, Mean mean)
    {
        if (mean.Count == 0)
        {
            return;
        }

        Metrics.Append("steps", new Steps(
            block.Block.Value,
            block.Replicas > 1 ? block.Replica + 1 : null,
            mean.Clock,
            mean.Count,
            mean.Loss,
            mean.SquaredError,
            mean.Lead,
            mean.Seconds,
            mean.Worker,
            new(mean.Waited.Batch.TotalSeconds, mean.Waited.Shared.TotalSeconds, mean.Waited.Lease.TotalSeconds, mean.Waited.Slot.TotalSeconds)));
        Board($"loss/{block.FileName}", (float)mean.Loss, mean.Clock);
        Board($"squared-error/{block.FileName}", (float)mean.SquaredError, mean.Clock);
        mean.Clear();
    }

    private void WriteHead()
    {
        if (head.Count > 0)
        {
            Metrics.Append("head", new { head.Clock, loss = head.Loss });
            Board("loss/head", (float)head.Loss, head.Clock);
            head.Clear();
        }
    }

    private void Board(string tag, float value, long step) => tensorBoard.Value?.add_scalar(tag, value, (int)Math.Min(step, int.MaxValue));

    /// <summary>Steps of a block as the metrics have them; without a replica where there is one alone.</summary>
    private sealed record Steps(
        int Block,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Replica,
        long Clock,
        [property: JsonPropertyName("steps")] long Count,
        double Loss,
        double SquaredError,
        long Lead,
        double SecondsPerStep,
        string Worker,
        WaitSeconds WaitSeconds);

    private sealed record WaitSeconds(double Batch, double Shared, double Lease, double Slot);

    /// <summary>Running means since the last record.</summary>
    private sealed class Mean
    {
        private double loss;
        private double squaredError;
        private double seconds;

        public long Count { get; private set; }

        public long Clock { get; private set; }

        public long Lead { get; private set; }

        public string Worker { get; private set; } = "";

        public WaitTimes Waited { get; private set; }

        public double Loss => loss / Count;

        public double SquaredError => squaredError / Count;

        public double Seconds => seconds / Count;

        public void Add(StepsTrained trained)
        {
            squaredError += (double)trained.SquaredError * trained.Steps.Count;
            seconds += trained.ComputeTime.TotalSeconds;
            (Lead, Worker, Waited) = (trained.Lead, trained.Worker, Waited + trained.Waited);
            Add(trained.Steps.To, trained.Loss, trained.Steps.Count);
        }

        public void Add(long clock, double value, long count = 1)
        {
            loss += value * count;
            Count += count;
            Clock = clock;
        }

        public void Clear() => (Count, loss, squaredError, seconds, Waited) = (0, 0, 0, 0, default);
    }
}
