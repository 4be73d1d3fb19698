using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary><c>noprop train --dashboard</c> as a command.</summary>
public sealed class DashboardCommandTests
{
    [Fact]
    public async Task A_training_that_shows_its_page_answers_for_its_run_and_lets_its_policies_be_changed()
    {
        using TempFolder folder = new();
        using NopropProcess training = NopropProcess.Start(
            folder.Path, "train", "--out", "runs/live", "--blocks", "3", "--epochs", "100000", "--train-limit", "300", "--policy", "lockstep", "--dashboard", "0");
        using HttpClient http = new() { BaseAddress = new Uri(await training.LineAsync("http://")) };
        await training.LineAsync("epoch 1/");

        string page = await http.GetStringAsync(new Uri("/", UriKind.Relative));
        JsonElement model = await http.GetFromJsonAsync<JsonElement>(new Uri("v1/model", UriKind.Relative));
        using HttpResponseMessage misspelt = await http.PatchAsync(new Uri("v1/policies", UriKind.Relative), JsonContent.Create(new { blocks = "asink" }));
        using HttpResponseMessage changed = await http.PatchAsync(new Uri("v1/policies", UriKind.Relative), JsonContent.Create(new { blocks = "bounded:2" }));
        training.PressCtrlC();
        ProcessResult ended = await training.EndAsync();

        Assert.Contains("<title>NoProp.NET</title>", page, StringComparison.Ordinal);
        Assert.Equal(3, model.GetProperty("blocks").GetInt32());
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (misspelt.StatusCode, changed.StatusCode));
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains(File.ReadLines(folder["runs/live/metrics.jsonl"]), line => line.Contains("\"blocks\":\"bounded:2\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("must be a port from 0 to 65535", "--dashboard", "65536")]
    [InlineData("use noprop serve --join", "--dashboard", "0", "--join", "127.0.0.1:1")]
    [InlineData("leave --dashboard out", "--dashboard", "0", "--faults", "f.conf")]
    public async Task A_page_that_cannot_be_is_explained(string reason, params string[] arguments)
    {
        using TempFolder folder = new();
        folder.Write("f.conf", "faults = []"u8.ToArray());

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, ["train", "--out", "run", .. arguments]);

        Assert.Contains(reason, result.SingleError(2), StringComparison.Ordinal);
    }
}
