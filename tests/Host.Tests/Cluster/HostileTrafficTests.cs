using System.Buffers.Binary;
using System.Net.Sockets;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>Whatever comes in at a node's port, the node works on, and what is trained is what would have been trained without it.</summary>
[Collection(ProcessTests.Name)]
public sealed class HostileTrafficTests : IDisposable
{
    private const int Raw = 300;
    private const int WarmUp = 2_000;
    private const int Messages = 10_000;
    private const int Round = 500;
    private const double Growth = 1.2;
    private const long MostBytes = 1L << 30;
    private const int MostLines = 100;

    // Without a limit the garbage collector lets what the attack leaves behind lie for a while. What a node kept of it would end it here.
    private static readonly Dictionary<string, string> SmallHeap = new() { ["DOTNET_GCHeapHardLimit"] = "0xC000000" };

    private static readonly string[] Training =
    [
        "train", "--train-limit", "1000", "--blocks", "4", "--epochs", "40", "--batch", "64", "--policy", "bounded:8", "--set", "noprop.metrics.tensorboard=off",
    ];

    private readonly TempFolder folder = new();
    private readonly NodeProcesses nodes = new();

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Ten_thousand_hostile_messages_change_nothing()
    {
        (NopropProcess trainer, string address) = await nodes.StartAsync(folder.Path, SmallHeap, "--role", "trainer");
        (NopropProcess worker, string workerAddress) = await nodes.StartAsync(folder.Path, SmallHeap, "--role", "worker", "--join", address, "--slots", "1");
        using NopropProcess training = NopropProcess.Start(folder.Path, [.. Training, "--join", address, "--out", "clustered"]);
        await training.LineAsync("clustered trains on the cluster");

        await using HostileNode hostile = new(seed: 1);
        await using HostileNode other = new(seed: 2);
        other.Suspend(address);
        await AttackAsync(hostile, WarmUp);
        (long Trainer, long Worker) before = (trainer.ResidentBytes()!.Value, worker.ResidentBytes()!.Value);
        await AttackAsync(hostile, Messages);
        object policies = await hostile.AskAsync(address, "/user/run/singleton/run-1/trainer", new ChangePolicies(HostileNode.Evil));
        (long Trainer, long Worker) after = (trainer.ResidentBytes()!.Value, worker.ResidentBytes()!.Value);

        Assert.IsType<PoliciesRefused>(policies);
        Assert.InRange(after.Trainer, 1, Math.Min((long)(before.Trainer * Growth), MostBytes));
        Assert.InRange(after.Worker, 1, Math.Min((long)(before.Worker * Growth), MostBytes));

        (await training.EndAsync()).Succeeded();
        (await NopropProcess.RunAsync(folder.Path, [.. Training, "--out", "local"])).Succeeded();
        Assert.Equal(SmallRun.Weights(folder["local"]), SmallRun.Weights(Path.Combine(folder["runs"], "clustered")));

        worker.PressCtrlC();
        RequireQuiet((await worker.EndAsync()).Succeeded());
        trainer.PressCtrlC();
        RequireQuiet((await trainer.EndAsync()).Succeeded());

        async Task AttackAsync(HostileNode from, int count)
        {
            for (int sent = 0; sent < count; sent += Round)
            {
                foreach (string target in (string[])[address, workerAddress])
                {
                    await ThrowGarbageAsync(target, Raw * Round / Messages / 2, seed: sent);
                    from.Send(target, (Round - (Raw * Round / Messages)) / 2);
                    Assert.IsType<ActorIdentity>(await from.AskAsync(target, "/user/manager", new Identify(1L)));
                }
            }
        }
    }

    /// <summary>Connections that speak nothing that Akka knows.</summary>
    private static async Task ThrowGarbageAsync(string address, int count, int seed)
    {
        Random random = new(seed);
        string[] parts = address.Split(':');
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = new byte[random.Next(4, 4000)];
            random.NextBytes(bytes);
            // As a length: what comes, more than comes, more than a frame may have, less than nothing.
            int length = random.Next(5) switch { 0 => bytes.Length - 4, 1 => 100_000, 2 => int.MaxValue, 3 => -1, _ => random.Next() };
            BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
            using TcpClient client = new();
            await client.ConnectAsync(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
            await client.GetStream().WriteAsync(bytes);
        }
    }

    private static void RequireQuiet(ProcessResult node)
    {
        Assert.True((node.Output + node.Error).Split('\n').Length < MostLines, $"fewer than {MostLines} lines are due: {node}");
        Assert.DoesNotContain("   at ", node.Output + node.Error, StringComparison.Ordinal);
    }
}
