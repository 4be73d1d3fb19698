using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using NoProp.Actors.Recording;
using NoProp.Host.Control;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Control;

/// <summary>
/// One training that is steered from other processes, killed, resumed and stopped, made once; what each of them said is kept. It has far more
/// epochs than it gets to, so that every command meets it while it trains.
/// </summary>
public sealed class SteeredRun : IAsyncLifetime, IDisposable
{
    private const string Run = "run";

    private readonly TempFolder folder = new();
    private readonly Dictionary<string, ProcessResult> results = [];

    /// <summary>What the control endpoint answers without the token, with a wrong one, with the right one, and to a policy that is null.</summary>
    internal List<(HttpStatusCode Status, string Text)> Answers { get; } = [];

    /// <summary>Who may read <c>control.json</c>.</summary>
    internal UnixFileMode Mode { get; private set; }

    /// <summary>The settings after the switches.</summary>
    internal string RunConf { get; private set; } = "";

    /// <summary>The first line of the resumed run.</summary>
    internal string Resumed { get; private set; } = "";

    /// <summary>Policies of the resumed run.</summary>
    internal ProcessResult ShownResumed => results["show resumed"];

    internal ProcessResult Set => results["set"];

    internal ProcessResult Refused => results["refused"];

    internal ProcessResult Shown => results["show"];

    internal ProcessResult ShownByAddress => results["show by address"];

    internal ProcessResult SetAfterKill => results["set after kill"];

    internal ProcessResult ShownAfterKill => results["show after kill"];

    internal RunFolder Folder => RunFolder.Read(folder[Run]);

    internal bool HadControlFileAfterKill { get; private set; }

    public async Task InitializeAsync()
    {
        string address = $"127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}";
        using (NopropProcess training = NopropProcess.Start(
            folder.Path,
            "train", "--out", Run, "--blocks", "2", "--epochs", "1000000", "--train-limit", "300", "--batch", "64", "--policy", "async", "--control", address,
            "--set", "noprop.checkpoint.min-interval=0s", "--set", "noprop.evaluate.every-epochs=50"))
        {
            await training.LineAsync("epoch ");
            ControlFile file = ControlFile.Read(Folder)!;
            Mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(Folder.Control);
            Answers.Add(await RequestAsync(address, token: null));
            Answers.Add(await RequestAsync(address, token: new string('0', file.Token!.Length)));
            Answers.Add(await RequestAsync(address, file.Token));
            Answers.Add(await RequestAsync(address, file.Token, """{"blocks":null}"""));
            await PolicyAsync("set", "set", Run, "--policy", "lockstep", "--visit", "3");
            await PolicyAsync("refused", "set", Run, "--policy", "lokstep");
            await PolicyAsync("show", "show", Run);
            await PolicyAsync("show by address", "show", address, "--token", file.Token);
            RunConf = File.ReadAllText(Folder.Settings);
            await training.KillAsync();
        }

        HadControlFileAfterKill = File.Exists(Folder.Control);
        await PolicyAsync("set after kill", "set", Run, "--policy", "async");
        await PolicyAsync("show after kill", "show", Run);
        using NopropProcess resumed = NopropProcess.Start(folder.Path, "train", "--out", Run, "--resume");
        Resumed = await resumed.LineAsync("run: ");
        await resumed.LineAsync("epoch ");
        await PolicyAsync("show resumed", "show", Run);
        if (OperatingSystem.IsWindows())
        {
            await resumed.KillAsync();
        }
        else
        {
            resumed.PressCtrlC();
            await resumed.EndAsync();
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<(HttpStatusCode Status, string Text)> RequestAsync(string address, string? token, string? changes = null)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(changes is null ? HttpMethod.Get : HttpMethod.Patch, $"http://{address}/v1/policies");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        request.Content = changes is null ? null : new StringContent(changes, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task PolicyAsync(string name, params string[] arguments) =>
        results[name] = await NopropProcess.RunAsync(folder.Path, ["policy", .. arguments]);
}
