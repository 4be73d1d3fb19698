using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary><c>noprop serve --join</c>: a run that a cluster has in training answers while it learns.</summary>
public sealed class JoinedRunTests : IDisposable
{
    private static readonly Dictionary<string, string> QuickStart = new() { ["DOTNET_TieredCompilation"] = "1" };

    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_run_in_training_on_a_cluster_answers_with_newer_and_newer_states()
    {
        using NopropProcess trainer = Start("node", "--role", "trainer");
        string address = (await trainer.LineAsync("127.0.0.1:")).Split(' ')[0];
        using NopropProcess worker = Start("node", "--role", "worker", "--name", "ada", "--slots", "1", "--join", address);
        await worker.LineAsync("worker ada");
        using NopropProcess train = Start("train", "--join", address, "--blocks", "2", "--epochs", "100000", "--train-limit", "300", "--plain");
        await train.LineAsync("epoch 1/");
        using NopropProcess serve = Start("serve", "--join", address, "--listen", "127.0.0.1:0", "--set", "noprop.serve.refresh=100ms");
        using HttpClient http = new() { BaseAddress = new Uri(await serve.LineAsync("http://")) };

        long first = await VersionAsync(http, 1);
        long later = await VersionAsync(http, first + 1);

        Assert.True(later > first, string.Create(CultureInfo.InvariantCulture, $"{first}, then {later}"));
        ProcessResult watched = await NopropProcess.RunAsync(folder.Path, QuickStart, "watch", "--join", address);
        watched.Succeeded();
        Assert.Equal(2, watched.Output.Split('\n').Count(line => line.Contains("│ ada ", StringComparison.Ordinal)));
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The version of the first block in the first answer that is at least so new.</summary>
    private static async Task<long> VersionAsync(HttpClient http, long atLeast)
    {
        for (int i = 0; i < 600; i++)
        {
            using ByteArrayContent image = new(new byte[64]) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
            using HttpResponseMessage response = await http.PostAsync(new Uri("v1/predict", UriKind.Relative), image);
            if (response.IsSuccessStatusCode
                && JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("blocks")[0].GetProperty("version").GetInt64() is var version
                && version >= atLeast)
            {
                return version;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException("no newer state has come");
    }

    private NopropProcess Start(params string[] arguments) => NopropProcess.Start(folder.Path, QuickStart, arguments);
}
