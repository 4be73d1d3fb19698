using NoProp.Actors.Recording;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Runs;

/// <summary>A training of a few seconds with a checkpoint in every epoch, finished without a break: made once, when first asked for.</summary>
public sealed class SmallRun : IDisposable
{
    public const int Blocks = 4;
    public const int Epochs = 6;

    private readonly TempFolder folder = new();
    private readonly Lazy<Task<string>> path;

    public SmallRun() => path = new(TrainAsync);

    /// <summary>Arguments of every run that must come to the same weights.</summary>
    internal static string[] Settings { get; } =
    [
        "train", "--blocks", $"{Blocks}", "--epochs", $"{Epochs}", "--train-limit", "1000", "--batch", "64",
        // A short lead, so that much is left to do when the last epoch begins.
        "--policy", "bounded:2", "--set", "noprop.checkpoint.min-interval=0s",
    ];

    /// <summary>Steps of all blocks in one epoch.</summary>
    internal static int StepsPerEpoch => Blocks * 16;

    /// <summary>The run's folder: whoever wants to change it makes a copy.</summary>
    internal Task<string> PathAsync() => path.Value;

    internal async Task<string> WeightsAsync() => Weights(await PathAsync());

    internal static string Weights(string run) => Summary(run).WeightsSha256;

    internal static RunSummary Summary(string run) => RunSummary.FromJson(File.ReadAllText(Path.Combine(run, "summary.json")));

    public void Dispose() => folder.Dispose();

    private async Task<string> TrainAsync()
    {
        (await NopropProcess.RunAsync(folder.Path, [.. Settings, "--out", "run"])).Succeeded();
        return folder["run"];
    }
}

/// <summary>Tests that start processes share the trainings that most of them need.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessTests : ICollectionFixture<SmallRun>, ICollectionFixture<DefaultRun>, ICollectionFixture<LearnedRun>
{
    public const string Name = "processes";
}
