using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using NoProp.Actors.Cluster;
using Xunit;
using Xunit.Abstractions;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Where the trainer runs, and where it runs next.</summary>
public sealed class SingletonHandOverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    [Fact]
    public async Task When_the_oldest_trainer_of_three_dies_the_next_one_takes_over()
    {
        ClusterNode[] trainers = await TrainersAsync();
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, trainers[0]);
        await Nodes.AwaitMembersAsync(worker, [.. trainers, worker]);
        Assert.Equal(trainers[0].Address, await RunsAtAsync(worker, not: null));

        Stopwatch since = Stopwatch.StartNew();
        Nodes.Kill(trainers[0]);
        NodeAddress next = await RunsAtAsync(worker, not: trainers[0].Address);

        Assert.Equal(trainers[1].Address, next);
        output.WriteLine($"taken over after {since.Elapsed.TotalSeconds:0.0} s with a base of {Nodes.Base.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_trainer_that_leaves_hands_over_before_it_is_gone()
    {
        ClusterNode[] trainers = await TrainersAsync();
        Assert.Equal(trainers[0].Address, await RunsAtAsync(trainers[2], not: null));

        Task<NodeEnd> left = trainers[0].LeaveAsync();

        Assert.Equal(trainers[1].Address, await RunsAtAsync(trainers[2], not: trainers[0].Address));
        Assert.Equal(NodeEndKind.Left, (await left).Kind);
    }

    [Fact]
    public async Task A_worker_that_is_a_voter_lets_the_second_of_two_trainers_take_over()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode voter = await nodes.StartAsync(Nodes.Settings(join: first.Address) with { Roles = [NodeRole.Worker, NodeRole.Voter] });
        ClusterNode second = await nodes.StartAsync(NodeRole.Trainer, first);
        Keep(first);
        Keep(second);
        Assert.Equal(first.Address, await RunsAtAsync(voter, not: null));

        Nodes.Kill(first);

        Assert.Equal(second.Address, await RunsAtAsync(voter, not: first.Address));
    }

    [Fact]
    public async Task A_spare_trainer_that_dies_does_not_end_the_one_that_works()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode spare = await nodes.StartAsync(NodeRole.Trainer, first);
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, first);

        Nodes.Kill(spare);

        await Nodes.AwaitMembersAsync(worker, first, worker);
        Assert.False(first.Ended.IsCompleted || worker.Ended.IsCompleted);
    }

    private async Task<ClusterNode[]> TrainersAsync()
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode second = await nodes.StartAsync(NodeRole.Trainer, first);
        ClusterNode third = await nodes.StartAsync(NodeRole.Trainer, first);
        Array.ForEach([first, second, third], Keep);
        await Nodes.AwaitMembersAsync(third, first, second, third);
        return [first, second, third];
    }

    private static void Keep(ClusterNode node) => node.System.ActorOf(
        ClusterSingletonManager.Props(Props.Create(() => new Here(node.Address)), PoisonPill.Instance, ClusterSingletonManagerSettings.Create(node.System)),
        ClusterConfig.SingletonManager);

    /// <summary>Asks through the proxy, again and again, until another node than this answers.</summary>
    private static async Task<NodeAddress> RunsAtAsync(ClusterNode from, NodeAddress? not)
    {
        IActorRef proxy = from.System.ActorOf(ClusterSingletonProxy.Props($"/user/{ClusterConfig.SingletonManager}", ClusterSingletonProxySettings.Create(from.System)));
        using CancellationTokenSource deadline = new(Nodes.Deadline);
        while (true)
        {
            try
            {
                string answer = await proxy.Ask<string>("where", TimeSpan.FromMilliseconds(300), deadline.Token);
                if (NodeAddress.TryParse(answer, out NodeAddress address) && address != not)
                {
                    return address;
                }
            }
            catch (AskTimeoutException)
            {
                deadline.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private sealed class Here : ReceiveActor
    {
        public Here(NodeAddress address) => Receive<string>(_ => Sender.Tell(address.ToString()));
    }
}
