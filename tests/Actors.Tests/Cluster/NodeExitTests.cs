using Akka.Actor;
using Akka.Cluster;
using NoProp.Actors.Cluster;
using Xunit;
using ClusterSettings = NoProp.Actors.Cluster.ClusterSettings;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What is known of a process that has ended before its heartbeats are missed.</summary>
public sealed class NodeExitTests : IAsyncLifetime
{
    // Nobody becomes unreachable within the deadline of a test.
    private static readonly ClusterSettings Patient = Nodes.Settings(NodeRole.Trainer) with
    {
        Overrides = new(AcceptablePause: 2 * Nodes.Deadline, StableAfter: 2 * Nodes.Deadline, UnstableAfter: 4 * Nodes.Deadline, JoinTimeout: 5 * Nodes.Deadline, LeaveTimeout: 5 * Nodes.Deadline),
    };

    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    [Fact]
    public async Task A_worker_whose_process_ends_is_removed_without_waiting_for_heartbeats()
    {
        ClusterNode trainer = await nodes.StartAsync(Patient);
        ClusterNode worker = await nodes.StartAsync(Patient with { Roles = [NodeRole.Worker], Join = [trainer.Address] });
        Task<NodeExited> exited = ExitAsync(trainer);

        Nodes.Kill(worker);

        Assert.Equal(worker.Address.Port, (await exited.WaitAsync(Nodes.Deadline)).Address.Port);
        await Nodes.AwaitMembersAsync(trainer, trainer);
    }

    [Fact]
    public async Task A_trainer_whose_process_ends_is_named_and_left_to_the_split_brain_resolver()
    {
        ClusterNode[] trainers = [await nodes.StartAsync(NodeRole.Trainer), null!, null!];
        trainers[1] = await nodes.StartAsync(NodeRole.Trainer, trainers[0]);
        trainers[2] = await nodes.StartAsync(NodeRole.Trainer, trainers[0]);
        await Nodes.AwaitMembersAsync(trainers[2], trainers);
        Task<NodeExited> exited = ExitAsync(trainers[2]);
        Task unreachable = UnreachableAsync(trainers[2]);

        Nodes.Kill(trainers[0]);

        Assert.Equal(trainers[0].Address.Port, (await exited.WaitAsync(Nodes.Deadline)).Address.Port);
        await unreachable.WaitAsync(Nodes.Deadline);
        await Nodes.AwaitMembersAsync(trainers[2], trainers[1], trainers[2]);
    }

    [Fact]
    public async Task A_worker_whose_last_trainers_process_ends_is_out_of_the_cluster_at_once_to_join_the_next_one()
    {
        ClusterNode trainer = await nodes.StartAsync(Patient);
        ClusterNode worker = await nodes.StartAsync(Patient with { Roles = [NodeRole.Worker], Join = [trainer.Address] });

        Nodes.Kill(trainer);

        Assert.Equal(NodeEndKind.Downed, (await worker.Ended.WaitAsync(Nodes.Deadline)).Kind);
    }

    [Fact]
    public async Task A_worker_whose_last_trainer_leaves_in_good_order_is_out_of_the_cluster_to_join_the_next_one()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode second = await nodes.StartAsync(NodeRole.Trainer, first);
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, first);
        await Nodes.AwaitMembersAsync(worker, first, second, worker);

        await first.LeaveAsync();
        await Nodes.AwaitMembersAsync(worker, second, worker);
        Assert.False(worker.Ended.IsCompleted);
        await second.LeaveAsync();

        Assert.Equal(NodeEndKind.Downed, (await worker.Ended.WaitAsync(Nodes.Deadline)).Kind);
    }

    [Fact]
    public async Task A_worker_stays_while_one_trainer_is_left()
    {
        ClusterNode first = await nodes.StartAsync(Patient);
        ClusterNode second = await nodes.StartAsync(Patient with { Join = [first.Address] });
        ClusterNode worker = await nodes.StartAsync(Patient with { Roles = [NodeRole.Worker], Join = [first.Address] });
        await Nodes.AwaitMembersAsync(worker, first, second, worker);
        Task<NodeExited> exited = ExitAsync(worker);

        Nodes.Kill(first);
        await exited.WaitAsync(Nodes.Deadline);
        Assert.False(worker.Ended.IsCompleted);
        Nodes.Kill(second);

        Assert.Equal(NodeEndKind.Downed, (await worker.Ended.WaitAsync(Nodes.Deadline)).Kind);
    }

    private static Task<NodeExited> ExitAsync(ClusterNode node)
    {
        TaskCompletionSource<NodeExited> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        node.System.EventStream.Subscribe(node.System.ActorOf(Props.Create(() => new First<NodeExited>(exited))), typeof(NodeExited));
        return exited.Task;
    }

    private static Task<ClusterEvent.UnreachableMember> UnreachableAsync(ClusterNode node)
    {
        TaskCompletionSource<ClusterEvent.UnreachableMember> unreachable = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Akka.Cluster.Cluster.Get(node.System).Subscribe(
            node.System.ActorOf(Props.Create(() => new First<ClusterEvent.UnreachableMember>(unreachable))), typeof(ClusterEvent.UnreachableMember));
        return unreachable.Task;
    }

    private sealed class First<T> : ReceiveActor
    {
        public First(TaskCompletionSource<T> first)
        {
            Receive<T>(message => first.TrySetResult(message));
            ReceiveAny(_ => { });
        }
    }
}
