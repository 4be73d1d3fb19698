using System.CommandLine;
using System.Globalization;
using Akka.Cluster;
using NoProp.Actors.Protocol;
using NoProp.Host.Cluster;
using NoProp.Host.Views;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary>The verbs that ask a cluster something: <c>noprop status</c>, <c>explain placement</c>, <c>drain</c> and <c>stop</c>.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary><c>status</c>.</summary>
    public static Command CreateStatus() => Create("status", "Show a cluster: members and roles, the run, its workers, and each block with its clock and lease", [], async (client, _) =>
    {
        TrainingStatus status = await AskAsync<TrainingStatus>(client, new GetTrainingStatus(), "who does what");
        Table members = Table("member", "roles", "state");
        foreach (Member member in client.Members.Members)
        {
            bool lost = client.Members.Unreachable.Contains(member);
            members.AddRow(
                new Text($"{member.Address.Host}:{member.Address.Port}"),
                new Text(member.Roles.IsEmpty ? "client" : string.Join(", ", member.Roles.Order(StringComparer.Ordinal))),
                new Text(lost ? "unreachable" : member.Status.ToString().ToLowerInvariant()));
        }

        Terminal.Out.Write(members);
        if (status.Run is null)
        {
            Terminal.Out.WriteLine($"no run is in training (noprop {status.Version} at the trainer){(status.Left is null && status.Problem.Length > 0 ? $": {status.Problem}" : "")}");
            if (status.Left is { } left)
            {
                Terminal.Out.WriteLine($"{left} was left from before and does not go on: {status.Problem}; give it up with: noprop stop {left} --join HOST:PORT");
            }

            WriteQueue(status);
            return;
        }

        Terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{status.Run} in {status.Folder}, policy {status.Policy}, {status.StepsPerSecond:0.0} steps/s; {ProgressText.Slots(status.Slots)} (noprop {status.Version} at the trainer)"));
        Table workers = Table("worker", "slots", "on", "leases", "ms a step", "noprop");
        foreach (WorkerStatus worker in status.Workers)
        {
            workers.AddRow(
                new Text(worker.Name), Number(worker.Slots), new Text(worker.Devices), Number(worker.Leases), new Text(worker.StepMilliseconds > 0 ? worker.StepMilliseconds.ToString("0.0", CultureInfo.InvariantCulture) : "-"), new Text(worker.Version));
        }

        Terminal.Out.Write(workers);
        Table blocks = Table("block", "steps", "lead", "trained by", "lease", "waits for");
        foreach (BlockStatus block in status.Blocks)
        {
            blocks.AddRow(new Text(block.Block), new Text($"{block.Clock} of {status.Target}"), Number(block.Lead), new Text(block.Worker ?? "-"), new Text(block.Steps), new Text(block.Worker is null ? block.Why : ""));
        }

        Terminal.Out.Write(blocks);
        WriteQueue(status);
    });

    /// <summary><c>explain placement</c>.</summary>
    public static Command CreateExplain() => new("explain", "Say why a cluster does what it does")
    {
        Create("placement", "Why each block is where it is, and what those wait for that are not trained", [], async (client, _) =>
        {
            TrainingStatus status = await AskAsync<TrainingStatus>(client, new GetTrainingStatus(), "who does what");
            if (status.Run is null)
            {
                Terminal.Out.WriteLine("no run is in training");
                return;
            }

            Table blocks = Table("block", "trained by", "on", "newest state with", "why");
            foreach (BlockStatus block in status.Blocks)
            {
                blocks.AddRow(new Text(block.Block), new Text(block.Worker ?? "-"), new Text(block.Device.Length > 0 ? block.Device : "-"), new Text(block.Holder ?? block.Worker ?? "-"), new Text(block.Why));
            }

            Terminal.Out.Write(blocks);
        }),
    };

    /// <summary><c>drain</c>.</summary>
    public static Command CreateDrain()
    {
        Argument<string> worker = new("worker") { Description = "Name of the worker, as noprop status shows it" };
        return Create("drain", "Let a worker finish the steps in progress, hand over its blocks and leave the cluster", [worker], async (client, parsed) =>
        {
            string name = parsed.GetValue(worker)!;
            object answer = await client.AskAsync(new DrainWorker(name), $"to drain {name}");
            if (answer is WorkerUnknown unknown)
            {
                throw new NoPropException($"there is no worker {name}: there are {(unknown.Known.IsEmpty ? "none" : string.Join(", ", unknown.Known))}");
            }

            Terminal.Out.WriteLine($"{name} has handed over what it held, and leaves");
        });
    }

    /// <summary><c>stop</c>.</summary>
    public static Command CreateStop()
    {
        Argument<string?> run = new("run") { Description = "Name of the run [default: the one in training]", Arity = ArgumentArity.ZeroOrOne };
        return Create("stop", "Stop the run that a cluster trains, after the steps in progress, with a checkpoint; or take one out of the queue", [run], async (client, parsed) =>
        {
            TrainingStatus status = await AskAsync<TrainingStatus>(client, new GetTrainingStatus(), "what it trains");
            if (parsed.GetValue(run) is { } waiting && waiting != status.Run && (status.Queue.Contains(waiting) || waiting == status.Left))
            {
                await WithdrawAsync(client, waiting, isQueued: waiting != status.Left);
                return;
            }

            string name = status.Named(parsed.GetValue(run));
            Task<RunEnded> over = client.FollowAsync(name, _ => { }, CancellationToken.None);
            client.Tell(new StopTraining(name));
            RunEnded ended = await over;
            Terminal.Out.WriteLine($"{name}: {ended.Outcome.ToString().ToLowerInvariant()} after {ended.Figures.BlockSteps} block steps; go on with: noprop train --join HOST:PORT --resume --out {name}");
        });
    }

    private static async Task WithdrawAsync(ClusterClient client, string run, bool isQueued)
    {
        object answer = await client.AskAsync(new WithdrawRun(run), $"to take {run} out of the queue", Patience);
        Terminal.Out.WriteLine(answer switch
        {
            RunWithdrawn when isQueued => $"{run} is taken out of the queue",
            RunWithdrawn => $"{run} is given up; go on with: noprop train --join HOST:PORT --resume --out {run}",
            RunRefused refused => throw new NoPropException(refused.Reason),
            _ => throw new NoPropException($"{run} has left the queue meanwhile: see noprop status"),
        });
    }

    private static void WriteQueue(TrainingStatus status)
    {
        if (status.Queue.IsEmpty)
        {
            return;
        }

        Table queue = Table("place", "run that waits");
        foreach ((string run, int place) in status.Queue.Select((run, place) => (run, place)))
        {
            queue.AddRow(Number(place + 1), new Text(run));
        }

        Terminal.Out.Write(queue);
    }

    private static Command Create(string name, string description, IEnumerable<Argument> arguments, Func<ClusterClient, ParseResult, Task> ask)
    {
        SettingsOptions settings = new SettingsOptions().AddClusterClient();
        Command command = new(name, description);
        foreach (Argument argument in arguments)
        {
            command.Add(argument);
        }

        settings.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using ClusterClient client = await ClusterClient.JoinAsync(settings.Load(parsed), cancellation);
            await ask(client, parsed);
            return CommandLine.Success;
        });
        return command;
    }

    private static async Task<T> AskAsync<T>(ClusterClient client, object question, string what) => (T)await client.AskAsync(question, what, Patience);

    private static Table Table(params string[] columns)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns(columns);
        return table;
    }

    private static Text Number(long value) => new(value.ToString(CultureInfo.InvariantCulture));
}
