using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>
/// The first part of docs/cluster.md, followed to the letter once: its shell blocks are run one after the other in one bash, with three processes
/// as nodes. Only the port is another one, in case somebody has a cluster here.
/// </summary>
public sealed partial class ClusterDocument : IAsyncLifetime, IDisposable
{
    private const string Part = "## From zero to three nodes";

    private readonly TempFolder folder = new();
    private readonly List<(string Lines, string Output)> blocks = [];

    /// <summary>The document.</summary>
    public static string Text { get; } = File.ReadAllText(Path.Combine(ReadmeTests.Repository(), "docs", "cluster.md")).ReplaceLineEndings("\n");

    /// <summary>Shell blocks of its first part: the first one builds, the others use what is built.</summary>
    public static IReadOnlyList<string> Blocks { get; } = [.. Shell().Matches(Section(Text)).Select(block => block.Groups[1].Value)];

    /// <summary>The name of the run that the folder of runs says is in training at the end.</summary>
    internal string Mark => File.ReadAllText(folder["runs/training"]).Trim();

    /// <summary>What a block said, by a line that it has.</summary>
    internal string Output(string line) => Assert.Single(blocks, block => block.Lines.Contains(line, StringComparison.Ordinal)).Output;

    /// <summary>What a node or a view wrote into its file.</summary>
    internal string Log(string name) => File.ReadAllText(folder[name + ".log"]);

    public async Task InitializeAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using ShellSession shell = new(folder.Path);
        string port = FreePort().ToString(CultureInfo.InvariantCulture);
        foreach (string block in Blocks.Skip(1))
        {
            blocks.Add((block, await shell.RunAsync(block.Replace("4053", port, StringComparison.Ordinal))));
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    private static string Section(string text)
    {
        int start = text.IndexOf(Part + "\n", StringComparison.Ordinal);
        return text[start..text.IndexOf("\n## ", start + Part.Length, StringComparison.Ordinal)];
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("""^```sh\n(.*?)^```""", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Shell();
}
