using NoProp.Actors.Replaying;
using NoProp.Host.Tests.Processes;

namespace NoProp.Host.Tests.Runs;

/// <summary>A short training whose blocks share a learned embedding and train side by side, a replay and a fork of it: each made once, when first asked for.</summary>
public sealed class LearnedRun : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Lazy<Task<string>> path;
    private readonly Lazy<Task<string>> fork;
    private readonly Lazy<Task<ProcessResult>> replay;

    public LearnedRun() => (path, fork, replay) = (new(TrainAsync), new(ForkAsync), new(ReplayAsync));

    /// <summary>The arms of the fork, as <c>--policies</c> names them, and their folders.</summary>
    internal static string[] Arms { get; } = ["lockstep", "bounded-2"];

    /// <summary>The run's folder: whoever wants to change it makes a copy.</summary>
    internal Task<string> PathAsync() => path.Value;

    /// <summary>The folder of a fork from the run's first checkpoint.</summary>
    internal Task<string> ForkedAsync() => fork.Value;

    /// <summary>What a replay of the run says.</summary>
    internal Task<ProcessResult> ReplayedAsync() => replay.Value;

    internal static string Log(string run) => Path.Combine(run, "replay.log");

    /// <summary>Changes a byte in the middle of a run's replay log.</summary>
    /// <returns>The record that holds it, and where that begins.</returns>
    internal static (int Record, long Offset) Damage(string run)
    {
        byte[] file = File.ReadAllBytes(Log(run));
        ReplayContent log = ReplayLog.Read(Log(run));
        int record = log.Entries.Length / 2;
        (long begin, long end) = (log.Ends[record - 1], log.Ends[record]);
        file[(begin + end) / 2] ^= 0x10;
        File.WriteAllBytes(Log(run), file);
        return (record, begin);
    }

    public void Dispose() => folder.Dispose();

    private async Task<string> TrainAsync()
    {
        (await NopropProcess.RunAsync(
            folder.Path,
            "train", "--out", "run", "--embedding", "learned:8", "--policy", "async", "--blocks", "2", "--slots", "2", "--epochs", "3", "--train-limit", "300",
            "--batch", "64", "--set", "noprop.checkpoint.min-interval=0s")).Succeeded();
        return folder["run"];
    }

    private async Task<ProcessResult> ReplayAsync() => (await NopropProcess.RunAsync(folder.Path, "replay", await PathAsync())).Succeeded();

    private async Task<string> ForkAsync()
    {
        long first = new Models.Checkpoints.CheckpointStore(await PathAsync()).Steps()[0];
        (await NopropProcess.RunAsync(folder.Path, "fork", $"run@{first}", "--policies", "lockstep,bounded:2", "--out", "fork")).Succeeded();
        return folder["fork"];
    }
}
