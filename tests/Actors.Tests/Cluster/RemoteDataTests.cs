using System.Collections.Concurrent;
using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Training;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>A worker whose images come from the trainer's node trains what one with a copy of its own does.</summary>
public sealed class RemoteDataTests : IAsyncLifetime
{
    private readonly ClusterRuns cluster = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.EndAsync();

    [Theory]
    [InlineData("noprop.policy.blocks=\"bounded:8\"")]
    [InlineData("noprop.policy.blocks=algorithm1")]
    [InlineData("noprop.data.augment=[flip, crop]")]
    public async Task A_worker_without_data_beside_one_with_data_ends_with_the_plain_loops_weights(string setting)
    {
        RunPlan plan = Runs.OnDigits(setting);
        ClusterNode trainer = await cluster.TrainerAsync();
        await cluster.WorkerAsync("one", trainer);
        await cluster.WorkerAsync("two", trainer, data: DataPlace.Remote);

        RunEnded ended = await cluster.TrainAsync(plan, trainer);

        Assert.Equal((RunOutcome.Completed, Runs.PlainLoopWeights(plan)), (ended.Outcome, ended.Figures.WeightsSha256));
        Assert.Contains(cluster.Events.OfType<StepsTrained>(), steps => steps.Worker == "two");
    }

    [Fact]
    public async Task The_images_of_each_mini_batch_are_sent_once_to_each_node()
    {
        RunPlan plan = Runs.OnDigits();
        ConcurrentBag<(string Link, long Step)> sent = [];

        RunEnded ended = await plan.TrainLinked(["one", "two"], data: system => Counted(system, plan, sent.Add));

        Assert.Equal((RunOutcome.Completed, Runs.PlainLoopWeights(plan)), (ended.Outcome, ended.Figures.WeightsSha256));
        Assert.Equal(sent.Distinct().Count(), sent.Count);
        Assert.Equal(2, sent.Select(one => one.Link).Distinct().Count());
        Assert.Superset(Enumerable.Range(0, plan.StepsPerEpoch * plan.Settings.Epochs).Select(step => (long)step).ToHashSet(), sent.Select(one => one.Step).ToHashSet());
    }

    [Fact]
    public async Task Images_that_do_not_come_end_the_run_with_who_waits_for_whom()
    {
        RunPlan plan = Runs.OnDigits("noprop.lease.timeout=1s", "noprop.supervision.max-failures=1");

        RunEnded ended = await plan.TrainLinked(["one"], data: system => Counted(system, plan, _ => { }, upTo: 5));

        Assert.Equal(RunOutcome.Failed, ended.Outcome);
        Assert.Matches("one has waited 0.5 s for the images of step [0-9]+ from the trainer's node", ended.Reason);
    }

    private static IActorRef Counted(ActorSystem system, RunPlan plan, Action<(string Link, long Step)> count, int upTo = int.MaxValue)
    {
        IActorRef server = system.ActorOf(DataServerActor.Props(plan.Batches()));
        return system.ActorOf(Props.Create(() => new Counter(server, count, upTo)));
    }

    /// <summary>Counts what is asked for, passes the first of it on to whoever has images, and swallows the rest.</summary>
    private sealed class Counter : ReceiveActor
    {
        public Counter(IActorRef server, Action<(string Link, long Step)> count, int upTo) => Receive<RequestImages>(request =>
        {
            count((Sender.Path.Name, request.Step));
            if (upTo-- > 0)
            {
                server.Forward(request);
            }
        });
    }
}
