using NoProp.Host.Tests.Processes;

namespace NoProp.Host.Tests.Cluster;

/// <summary>A cluster of real processes on this machine.</summary>
internal sealed class NodeProcesses : IDisposable
{
    private readonly List<NopropProcess> nodes = [];

    /// <summary>Starts a node and waits until it is a member.</summary>
    /// <param name="folder">Folder in which it runs.</param>
    /// <param name="arguments">What follows <c>noprop node</c>.</param>
    /// <returns>The process, and HOST:PORT for others to join.</returns>
    public Task<(NopropProcess Process, string Address)> StartAsync(string folder, params string[] arguments) =>
        StartAsync(folder, new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="StartAsync(string, string[])"/>
    public async Task<(NopropProcess Process, string Address)> StartAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        NopropProcess node = NopropProcess.Start(folder, environment, ["node", .. arguments]);
        nodes.Add(node);
        return (node, (await node.LineAsync("127.0.0.1:")).Split(' ')[0]);
    }

    /// <summary>Waits until a cluster has so many clients that it reaches; the command that asks is one of them.</summary>
    public static async Task MembersAsync(string folder, string address, string baseTime, int clients)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(2));
        while (true)
        {
            ProcessResult status = await NopropProcess.RunAsync(folder, "status", "--join", address, "--set", baseTime);
            string[] rows = [.. status.Output.Split('\n').Where(line => line.Contains("│ client ", StringComparison.Ordinal))];
            if (rows.Length == clients && rows.All(row => row.Contains("│ up ", StringComparison.Ordinal)))
            {
                return;
            }

            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    public void Dispose() => nodes.ForEach(node => node.Dispose());
}
