using NoProp.Host.Tests.Images;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>A worker whose machine has no data.</summary>
[Collection(ProcessTests.Name)]
public sealed class RemoteDataProcessTests : IDisposable
{
    private static readonly string[] Training =
    [
        "train", "--data", "folder:images", "--augment", "flip,crop", "--blocks", "2", "--epochs", "3", "--batch", "8",
        "--set", "noprop.metrics.tensorboard=off", "--set", "noprop.evaluate.every-epochs=0",
    ];

    private readonly TempFolder here = new();
    private readonly TempFolder elsewhere = new();
    private readonly NodeProcesses nodes = new();

    public void Dispose()
    {
        nodes.Dispose();
        here.Dispose();
        elsewhere.Dispose();
    }

    [Fact]
    public async Task A_worker_without_the_images_trains_what_a_local_run_does()
    {
        foreach ((string part, int count) in (ReadOnlySpan<(string, int)>)[("train", 20), ("test", 4)])
        {
            ImageSamples.WriteGreys(here, $"images/{part}/cat", count, first: 10);
            ImageSamples.WriteGreys(here, $"images/{part}/dog", count, first: 150);
        }

        (_, string trainer) = await nodes.StartAsync(here.Path, "--role", "trainer");
        await nodes.StartAsync(elsewhere.Path, "--role", "worker", "--join", trainer, "--data", "remote", "--slots", "1");

        (await NopropProcess.RunAsync(elsewhere.Path, [.. Training, "--join", trainer, "--out", "clustered"])).Succeeded();
        (await NopropProcess.RunAsync(here.Path, [.. Training, "--out", "local"])).Succeeded();

        Assert.Equal(SmallRun.Weights(here["local"]), SmallRun.Weights(Path.Combine(here["runs"], "clustered")));
    }
}
