using System.Net;
using System.Net.Http.Headers;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary><c>noprop serve</c> as a command: where it listens, whom it answers, and how it ends.</summary>
public sealed class ServeAddressTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    private static readonly Dictionary<string, string> QuickStart = new() { ["DOTNET_TieredCompilation"] = "1" };

    [Fact]
    public async Task An_address_that_other_machines_reach_needs_a_key()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        ProcessResult result = await NopropProcess.RunAsync(run.Files.Path, QuickStart, "serve", "run", "--listen", "0.0.0.0:0");

        Assert.Contains("other machines reach this address; name keys with --api-key-file, or say --insecure", result.SingleError(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_who_has_a_key_is_answered_and_Ctrl_C_ends_it_well()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        run.Files.Write("keys", System.Text.Encoding.ASCII.GetBytes($"# mine\n{Key}\n"));
        using NopropProcess serve = NopropProcess.Start(run.Files.Path, QuickStart, "serve", "run", "--listen", "0.0.0.0:0", "--api-key-file", "keys");
        Uri address = new((await serve.LineAsync("http://")).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        using HttpClient http = new() { BaseAddress = address };

        HttpStatusCode stranger = (await http.GetAsync(new Uri("v1/model", UriKind.Relative))).StatusCode;
        HttpStatusCode open = (await http.GetAsync(new Uri("healthz", UriKind.Relative))).StatusCode;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        HttpStatusCode friend = (await http.GetAsync(new Uri("v1/model", UriKind.Relative))).StatusCode;
        // A stream that never ends by itself does not hold the end up.
        using HttpResponseMessage stream = await http.GetAsync(new Uri("v1/metrics/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        serve.PressCtrlC();

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK), (stranger, open, friend));
        (await serve.EndAsync()).Succeeded();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        string taken = run.Http.BaseAddress!.Authority;

        ProcessResult result = await NopropProcess.RunAsync(run.Files.Path, QuickStart, "serve", "run", "--listen", taken);

        Assert.Contains($"cannot listen at {taken}", result.SingleError(1), StringComparison.Ordinal);
    }
}
