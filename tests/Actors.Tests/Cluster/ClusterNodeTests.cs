using System.Net;
using System.Net.Sockets;
using NoProp.Actors.Cluster;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

public sealed class ClusterNodeTests : IAsyncLifetime
{
    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    [Fact]
    public async Task A_node_that_joins_nobody_is_a_cluster_of_its_own()
    {
        ClusterNode node = await nodes.StartAsync(NodeRole.Trainer);

        await Nodes.AwaitMembersAsync(node, node);
        Assert.InRange(node.Address.Port, 1, 65_535);
    }

    [Fact]
    public async Task Nodes_that_join_see_each_other_and_one_that_leaves_is_gone()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode second = await nodes.StartAsync(NodeRole.Worker, first);
        ClusterNode third = await nodes.StartAsync(NodeRole.Worker, second);
        await Nodes.AwaitMembersAsync(first, first, second, third);
        await Nodes.AwaitMembersAsync(second, first, second, third);

        NodeEnd end = await third.LeaveAsync();

        Assert.Equal(new(NodeEndKind.Left, $"{third.Address} has left the cluster 'test'"), end);
        await Nodes.AwaitMembersAsync(first, first, second);
        await Nodes.AwaitMembersAsync(second, first, second);
    }

    [Fact]
    public async Task A_worker_that_dies_is_removed_and_the_trainer_stays()
    {
        ClusterNode trainer = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, trainer);

        Nodes.Kill(worker);

        await Nodes.AwaitMembersAsync(trainer, trainer);
        Assert.False(trainer.Ended.IsCompleted);
    }

    [Fact]
    public async Task Workers_that_lose_the_only_trainer_end_and_say_why()
    {
        ClusterNode trainer = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, trainer);

        Nodes.Kill(trainer);

        NodeEnd end = await worker.Ended.WaitAsync(Nodes.Deadline);
        Assert.Equal(NodeEndKind.Downed, end.Kind);
        Assert.Contains("cut off from the voters", end.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_where_nobody_listens_is_named_after_the_time_to_join()
    {
        NodeAddress nobody = new("127.0.0.1", FreePort());
        ClusterSettings settings = Nodes.Hopeless(Nodes.Settings(join: nobody));

        NoPropException error = await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(settings)).WaitAsync(Nodes.Deadline);

        Assert.Contains($" has waited {settings.Times.JoinTimeout.TotalSeconds} s for {nobody} to let it join the cluster 'test': ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_of_another_name_lets_nobody_in()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);

        await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(Nodes.Hopeless(Nodes.Settings(join: first.Address) with { Name = "other" }))).WaitAsync(Nodes.Deadline);

        await Nodes.AwaitMembersAsync(first, first);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);

        NoPropException error = await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(Nodes.Settings() with { Port = first.Address.Port }));

        string why = new SocketException((int)SocketError.AddressAlreadyInUse).Message;
        Assert.StartsWith($"this node cannot listen at {first.Address} ({why}): ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_to_join_can_be_given_up()
    {
        using CancellationTokenSource cancellation = new();
        Task<ClusterNode> start = ClusterNode.StartAsync(Nodes.Settings(join: new("127.0.0.1", FreePort())), cancellation: cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => start).WaitAsync(Nodes.Deadline);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
