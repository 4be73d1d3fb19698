using NoProp.Actors.Protocol;
using NoProp.Host.Commands;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Cluster;

/// <summary>Waits until it is a run's turn to be trained by a cluster.</summary>
internal static class ClusterTurn
{
    /// <summary>Waits, and says at which place; Ctrl-C takes the run out of the queue.</summary>
    /// <param name="client">A member of the cluster.</param>
    /// <param name="queued">The run and its place.</param>
    /// <param name="every">Time between two questions.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <returns><see cref="RunAccepted"/> or <see cref="RunRefused"/>; null when it was stopped.</returns>
    /// <exception cref="NoPropException">The run is neither trained nor in the queue any more, or this member was removed.</exception>
    public static async Task<object?> AwaitAsync(ClusterClient client, RunQueued queued, TimeSpan every, CancellationToken stop)
    {
        string run = queued.Run;
        string? said = null;
        for (object? answer = queued; ; answer = await AskAsync(client, run))
        {
            switch (answer)
            {
                case RunQueued waits:
                    string place = waits.Place > 0 ? $", number {waits.Place} in the queue" : "";
                    said = Say(said, $"{run} waits for its turn{place}: {waits.Why}; Ctrl-C takes it out");
                    break;
                case RunNotThere:
                    throw new NoPropException($"{run} is neither in the queue nor in training any more: somebody has taken it out, or its folder says how it ended");
                case not null:
                    return answer;
            }

            if (await client.HasEndedAsync(every, stop))
            {
                throw new NoPropException($"this command is no longer a member of the cluster; {run} stays in the queue: noprop status says where, noprop stop takes it out");
            }

            if (stop.IsCancellationRequested)
            {
                await WithdrawAsync(client, run);
                return null;
            }
        }
    }

    // The trainer may be replaced just now: the queue outlives it.
    private static async Task<object?> AskAsync(ClusterClient client, string run)
    {
        try
        {
            return await client.AskAsync(new GetTurn(run), "whose turn it is", TimeSpan.FromSeconds(5));
        }
        catch (NoPropException)
        {
            return null;
        }
    }

    private static async Task WithdrawAsync(ClusterClient client, string run) => Terminal.Out.WriteLine(
        await client.AskAsync(new WithdrawRun(run), $"to take {run} out of the queue") switch
        {
            RunWithdrawn => $"{run} is taken out of the queue",
            RunRefused refused => throw new NoPropException(refused.Reason),
            _ => $"{run} has begun meanwhile, and goes on; stop it with: noprop stop --join HOST:PORT",
        });

    private static string Say(string? said, string line)
    {
        if (line != said)
        {
            Terminal.Out.WriteLine(line);
        }

        return line;
    }
}
