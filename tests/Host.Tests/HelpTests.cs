using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests;

/// <summary>What the command says of itself and of the machine.</summary>
[Collection(ProcessTests.Name)]
public sealed class HelpTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("--help", "train", "evaluate", "predict", "data", "doctor")]
    [InlineData(
        "train --help", "--data", "--data-dir", "--train-limit", "--network", "--blocks", "--epochs", "--batch", "--learning-rate", "--policy",
        "--slots", "--devices", "--slots-per-device", "--stack", "--seed", "--out", "--resume", "--config", "--set", "--plain", "--help-settings")]
    [InlineData("evaluate --help", "<run>", "--per-block", "--samples", "--stochastic", "--seed", "--checkpoint", "--data-dir")]
    [InlineData("predict --help", "<run>", "<images>", "--invert", "--samples", "--stochastic", "--seed", "--checkpoint")]
    [InlineData("data --help", "get <name>")]
    [InlineData("data get --help", "<name>", "--data-dir")]
    [InlineData("doctor --help", "doctor", "--help")]
    public async Task Names_every_verb_and_flag(string command, params string[] names)
    {
        string[] words = (await RunAsync(command.Split(' '))).Split([' ', '\n', ','], StringSplitOptions.RemoveEmptyEntries);
        string text = $" {string.Join(' ', words)} ";

        Assert.All(names, name => Assert.Contains($" {name} ", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_setting_is_listed_on_request()
    {
        string text = await RunAsync("train", "--help-settings");

        Assert.All(Actors.Hosting.SettingsDescription.All, setting => Assert.Contains($"{setting.Path} = ", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_version_is_one_line()
    {
        Assert.Matches("""^\d+\.\d+\.\d+\S*\n$""", await RunAsync("--version"));
    }

    [Fact]
    public async Task The_doctor_finds_this_machine_well()
    {
        string text = await RunAsync("doctor");

        Assert.Matches(@"training +20 steps of one block on digits: [\d.]+ ms a step \(median\), squared error", text);
        Assert.Matches(@"devices +cpu with [\d.]+ GB; ", text);
        Assert.EndsWith("all well\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("digits", "built in")]
    [InlineData("mnist", "mine/mnist")]
    [InlineData("fashion-mnist", "")] // where it is depends on the machine
    public async Task Data_lists(string set, string place)
    {
        foreach (string file in (string[])["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
        {
            folder.Write($"mine/mnist/{file}", []);
        }

        string text = (await NopropProcess.RunAsync(folder.Path, new Dictionary<string, string> { ["NOPROP_DATA"] = folder["mine"] }, "data")).Succeeded().Output;

        Assert.Contains(text.Split('\n'), line => line.Contains($"│ {set} ", StringComparison.Ordinal) && line.Contains(place, StringComparison.Ordinal));
    }

    public void Dispose() => folder.Dispose();

    private async Task<string> RunAsync(params string[] arguments) => (await NopropProcess.RunAsync(folder.Path, arguments)).Succeeded().Output;
}
