using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>A network between trainer and workers changes nothing of what is trained.</summary>
public sealed class LinkedEqualityTests
{
    [Theory]
    [InlineData("bounded:8", "west")]
    [InlineData("async", "west east")]
    [InlineData("algorithm1", "west east")]
    public async Task A_run_on_linked_nodes_ends_with_the_plain_loops_weights(string policy, string workers)
    {
        RunPlan plan = Runs.OnDigits($"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.TrainLinked(workers.Split(' '));

        Assert.Equal((RunOutcome.Completed, null, Runs.PlainLoopWeights(plan)), (ended.Outcome, ended.Reason, ended.Figures.WeightsSha256));
    }

    [Fact]
    public async Task A_run_whose_node_goes_away_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits("noprop.policy.blocks=async", "noprop.epochs=4");
        int commits = 0;

        RunEnded ended = await plan.TrainLinked(["west", "east"], (runEvent, nodes) =>
        {
            if (runEvent is StepsTrained && ++commits == 4)
            {
                nodes[1].Terminate();
            }
        });

        Assert.Equal((RunOutcome.Completed, null, Runs.PlainLoopWeights(plan)), (ended.Outcome, ended.Reason, ended.Figures.WeightsSha256));
    }

    [Theory]
    [InlineData("async", "west")]
    [InlineData("bounded:2", "west east")]
    public async Task On_linked_nodes_every_gradient_of_a_learned_embedding_is_taken_in_once(string policy, string workers)
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=\"learned:12\"", $"noprop.policy.blocks=\"{policy}\"", "noprop.metrics.probe-every=7");
        List<UpdateTaken> updates = [];

        RunEnded ended = await plan.TrainLinked(workers.Split(' '), (runEvent, _) => updates.AddRange((runEvent as UpdatesTaken)?.Updates ?? []));

        Assert.Equal(
            BlockId.UpTo(4).SelectMany(block => Enumerable.Range(0, 20).Select(step => (block, (long)step))),
            updates.Select(update => (update.Block, update.Step)).OrderBy(update => (update.Block.Value, update.Step)));
        Assert.Equal("20 20 20 20", SafetensorsFile.Parse(ended.Snapshots[^1].Safetensors, "head").Metadata["applied"]);
    }

    [Fact]
    public async Task In_the_papers_order_a_learned_embedding_on_linked_nodes_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=\"learned:12\"", "noprop.policy.blocks=algorithm1");

        RunEnded ended = await plan.TrainLinked(["west", "east"]);

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }
}
