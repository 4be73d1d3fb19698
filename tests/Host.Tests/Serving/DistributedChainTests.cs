using System.Net.Http.Headers;
using System.Text.Json;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary><c>noprop serve --join</c> with the blocks on worker nodes, and what follows when the cluster trains another run.</summary>
public sealed class DistributedChainTests : IDisposable
{
    private static readonly Dictionary<string, string> QuickStart = new() { ["DOTNET_TieredCompilation"] = "1" };

    private readonly TempFolder folder = new();

    [Fact]
    public async Task Two_workers_answer_and_the_next_run_is_served_at_the_same_address()
    {
        using NopropProcess trainer = Start("node", "--role", "trainer");
        string address = (await trainer.LineAsync("127.0.0.1:")).Split(' ')[0];
        using NopropProcess ada = Start("node", "--role", "worker", "--name", "ada", "--slots", "1", "--join", address);
        using NopropProcess bob = Start("node", "--role", "worker", "--name", "bob", "--slots", "1", "--join", address);
        await bob.LineAsync("worker bob");
        using NopropProcess train = Start("train", "--join", address, "--out", "west", "--blocks", "3", "--epochs", "100000", "--train-limit", "300", "--plain");
        await train.LineAsync("epoch 1/");
        using NopropProcess serve = Start("serve", "--join", address, "--chain", "distributed", "--listen", "127.0.0.1:0", "--set", "noprop.serve.refresh=100ms");
        using HttpClient http = new() { BaseAddress = new Uri(await serve.LineAsync("http://")) };

        int before = await BlocksAsync(http, 3);
        using NopropProcess next = Start("train", "--join", address, "--out", "east", "--blocks", "2", "--epochs", "100000", "--train-limit", "300", "--plain");
        ProcessResult stopped = await NopropProcess.RunAsync(folder.Path, QuickStart, "stop", "west", "--join", address);
        await serve.LineAsync("east answers from now on");

        Assert.Equal((3, 2, 0), (before, await BlocksAsync(http, 2), stopped.ExitCode));
        serve.PressCtrlC();
        ProcessResult served = await serve.EndAsync();
        Assert.Equal(0, served.ExitCode);
        Assert.Contains("the chain: ada has blocks 1 to 2, bob has block 3\n", served.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve", "--chain", "distributed")]
    [InlineData("serve", "run", "--chain", "distributed")]
    public async Task Without_a_cluster_it_is_refused(params string[] arguments)
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "run", "checkpoints"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "run", "run.conf"), "noprop.blocks = 2");

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, QuickStart, arguments);

        Assert.Contains("name one of its nodes with --join HOST:PORT", result.SingleError(exitCode: 2), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>How many blocks answer, once as many do as are expected.</summary>
    private static async Task<int> BlocksAsync(HttpClient http, int expected)
    {
        for (int i = 0; i < 600; i++)
        {
            using ByteArrayContent image = new(new byte[64]) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
            try
            {
                using HttpResponseMessage response = await http.PostAsync(new Uri("v1/predict?seed=3", UriKind.Relative), image);
                if (response.IsSuccessStatusCode
                    && JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("blocks").GetArrayLength() is var blocks
                    && blocks == expected)
                {
                    return blocks;
                }
            }
            catch (HttpRequestException)
            {
                // The address changes hands.
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"{expected} blocks do not answer");
    }

    private NopropProcess Start(params string[] arguments) => NopropProcess.Start(folder.Path, QuickStart, arguments);
}
