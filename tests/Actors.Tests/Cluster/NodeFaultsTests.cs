using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Faults;
using NoProp.Actors.Protocol;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Nodes that suffer faults on demand, and who may demand them.</summary>
public sealed class NodeFaultsTests : IAsyncLifetime
{
    private const string Key = "key";

    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    [Fact]
    public async Task A_worker_that_does_not_reach_the_trainer_is_removed_and_the_trainer_stays_though_others_reach_both()
    {
        ClusterNode trainer = await StartAsync(NodeRole.Trainer);
        ClusterNode worker = await StartAsync(NodeRole.Worker, trainer);
        ClusterNode other = await StartAsync(NodeRole.Worker, trainer);
        await Nodes.AwaitMembersAsync(other, trainer, worker, other);

        Assert.IsType<FaultInjected>(await AskAsync(worker, Cut(Key, trainer)));

        Assert.Equal(NodeEndKind.Downed, (await worker.Ended.WaitAsync(Nodes.Deadline)).Kind);
        await Nodes.AwaitMembersAsync(trainer, trainer, other);
        Assert.False(trainer.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_fault_with_another_key_is_refused()
    {
        ClusterNode trainer = await StartAsync(NodeRole.Trainer);

        Assert.IsType<FaultRefused>(await AskAsync(trainer, Cut("another", trainer)));
    }

    [Fact]
    public async Task A_node_that_was_not_started_to_allow_faults_has_nobody_to_obey()
    {
        ClusterNode trainer = await nodes.StartAsync(NodeRole.Trainer);

        await Assert.ThrowsAsync<ActorNotFoundException>(() => Faults(trainer).ResolveOne(Nodes.Base));
    }

    private Task<ClusterNode> StartAsync(NodeRole role, ClusterNode? join = null) =>
        nodes.StartAsync(Nodes.Settings(role, join?.Address), NodeFaults.Config(cuts: true), new NodeFaults(Key).Apply);

    private static InjectFault Cut(string key, ClusterNode from) => new(key, NodeFault.CutOff, [from.Address.ToString()], 10 * Nodes.Deadline);

    private static ActorSelection Faults(ClusterNode node) => node.System.ActorSelection($"/user/{NodeFaults.ActorName}");

    private static Task<object> AskAsync(ClusterNode node, InjectFault fault) => Faults(node).Ask<object>(fault, Nodes.Deadline);
}
