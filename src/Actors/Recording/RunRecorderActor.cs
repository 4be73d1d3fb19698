using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using TorchSharp;

namespace NoProp.Actors.Recording;

/// <summary>What is recorded, and how much of it is kept.</summary>
/// <param name="EverySteps">Steps of a block in one record.</param>
/// <param name="TensorBoard">Whether TensorBoard's event files are written too.</param>
/// <param name="KeepCheckpoints">Newest checkpoints that stay.</param>
public sealed record RecordingSettings(int EverySteps, bool TensorBoard, int KeepCheckpoints);

/// <summary>The only writer of a run folder: metrics, TensorBoard events, checkpoints, summary. What cannot be written ends the run.</summary>
public sealed class RunRecorderActor : ReceiveActor
{
    private readonly RunFolder folder;
    private readonly RecordingSettings settings;
    private readonly RunDescription description;
    private readonly MetricsLog metrics;
    private readonly TorchSharp.Modules.SummaryWriter? board;
    private readonly Dictionary<int, Mean> blocks = [];
    private readonly Mean head = new();

    /// <summary>A recorder over an open run folder.</summary>
    public RunRecorderActor(RunFolder folder, RecordingSettings settings, RunDescription description)
    {
        (this.folder, this.settings, this.description) = (folder, settings, description);
        metrics = new MetricsLog(folder.Metrics);
        board = settings.TensorBoard ? torch.utils.tensorboard.SummaryWriter(folder.TensorBoard, createRunName: true) : null;
        Receive<SaveCheckpoint>(save => Try(() => Save(save.Checkpoint)));
        Receive<RunEnded>(ended => Try(() => Finish(ended)));
        Receive<RunEvent>(runEvent => Try(() => Record(runEvent)));
    }

    /// <summary>Props on the recorder's own thread.</summary>
    public static Props Props(RunFolder folder, RecordingSettings settings, RunDescription description) =>
        Akka.Actor.Props.Create(() => new RunRecorderActor(folder, settings, description)).WithDispatcher(Dispatchers.Recorder);

    /// <inheritdoc/>
    protected override void PostStop() => metrics.Dispose();

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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Sender.Tell(new RecordingFailed($"the run folder {folder.Path} cannot be written: {e.Message}"));
        }
    }

    private void Save(Checkpoint checkpoint)
    {
        // Metrics first: a run that is resumed here finds all that came before.
        metrics.Flush();
        folder.Checkpoints.Save(checkpoint);
        folder.Checkpoints.Prune(settings.KeepCheckpoints);
        metrics.Append("checkpoint", new { checkpoint.Step });
        Sender.Tell(new CheckpointSaved(checkpoint.Step));
    }

    private void Finish(RunEnded ended)
    {
        foreach ((int block, Mean mean) in blocks)
        {
            WriteSteps(block, mean);
        }

        WriteHead();
        RunSummary summary = RunSummary.Of(description, ended);
        metrics.Append("end", new { summary.Outcome, summary.Reason, summary.TestAccuracy, steps = summary.BlockSteps, summary.WallSeconds });
        metrics.Flush();
        AtomicFile.Write(folder.Summary, summary.ToJson());
        Sender.Tell(new RunRecorded());
    }

    private void Record(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepsTrained trained:
                Mean mean = blocks.TryGetValue(trained.Block.Value, out Mean? known) ? known : blocks[trained.Block.Value] = new Mean();
                mean.Add(trained);
                if (mean.Count >= settings.EverySteps)
                {
                    WriteSteps(trained.Block.Value, mean);
                }

                break;
            case HeadTrained trained:
                head.Add(trained.Clock, trained.Loss);
                if (head.Count >= settings.EverySteps)
                {
                    WriteHead();
                }

                break;
            case EpochFinished epoch:
                metrics.Append("epoch", new
                {
                    epoch.Epoch,
                    steps = epoch.TotalSteps,
                    epoch.TestAccuracy,
                    epoch.TestAccuracyPerBlock,
                    elapsedSeconds = epoch.Elapsed.TotalSeconds,
                });
                Board("accuracy/test", (float)epoch.TestAccuracy, epoch.TotalSteps);
                metrics.Flush();
                break;
            case RunStarted started:
                metrics.Append("start", new { clocks = started.Clocks, started.Target, started.StepsPerEpoch, started.Slots, description.Policy });
                break;
            case Restarted restarted:
                metrics.Append("restart", new { restarted.What, restarted.Cause });
                break;
            case LeaseRevoked revoked:
                metrics.Append("leaseRevoked", new { block = revoked.Lease.Block.Value, revoked.Lease.Worker, revoked.Reason });
                break;
            case CommitRefused refused:
                metrics.Append("commitRefused", new { block = refused.Lease.Block.Value, refused.Lease.Worker });
                break;
        }
    }

    private void WriteSteps(int block, Mean mean)
    {
        if (mean.Count == 0)
        {
            return;
        }

        metrics.Append("steps", new
        {
            block,
            mean.Clock,
            steps = mean.Count,
            loss = mean.Loss,
            squaredError = mean.SquaredError,
            mean.Lead,
            secondsPerStep = mean.Seconds,
            mean.Worker,
        });
        Board($"loss/block-{block:00}", (float)mean.Loss, mean.Clock);
        Board($"squared-error/block-{block:00}", (float)mean.SquaredError, mean.Clock);
        mean.Clear();
    }

    private void WriteHead()
    {
        if (head.Count > 0)
        {
            metrics.Append("head", new { head.Clock, loss = head.Loss });
            Board("loss/head", (float)head.Loss, head.Clock);
            head.Clear();
        }
    }

    private void Board(string tag, float value, long step) => board?.add_scalar(tag, value, (int)Math.Min(step, int.MaxValue));

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

        public double Loss => loss / Count;

        public double SquaredError => squaredError / Count;

        public double Seconds => seconds / Count;

        public void Add(StepsTrained trained)
        {
            squaredError += (double)trained.SquaredError * trained.Steps.Count;
            seconds += trained.ComputeTime.TotalSeconds;
            (Lead, Worker) = (trained.Lead, trained.Worker);
            Add(trained.Steps.To, trained.Loss, trained.Steps.Count);
        }

        public void Add(long clock, double value, long count = 1)
        {
            loss += value * count;
            Count += count;
            Clock = clock;
        }

        public void Clear() => (Count, loss, squaredError, seconds) = (0, 0, 0, 0);
    }
}
