using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Embeddings;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Policies that are switched in the middle of a run lose nothing and do nothing twice.</summary>
public sealed class LiveSwitchEqualityTests
{
    private const int Epochs = 4;
    private const int StepsOfBlock = Epochs * 10;

    private static readonly string[] Orders = ["algorithm1", "lockstep", "bounded:2", "bounded:8", "async", "sampled", "sampled:snr", "sampled:progress"];
    private static readonly string[] Embeddings = ["immediate", "averaged", "staleness-scaled", "delay-compensated", "gossip"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_the_policies_are_switched_to_a_run_with_a_fixed_embedding_ends_with_the_plain_loops_weights(int seed)
    {
        RunPlan plan = Runs.OnDigits($"noprop.epochs={Epochs}");
        Seen seen = new();

        RunEnded ended = await plan.TrainSwitching(Switches(seed), everyCommits: 3 + seed % 3, seen.Observe);

        Assert.Equal(3, seen.Switches.Count);
        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_the_policies_are_switched_to_every_gradient_of_a_learned_embedding_is_taken_in_once(int seed)
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=\"learned:12\"", $"noprop.epochs={Epochs}", "noprop.policy.blocks=async");
        Seen seen = new();

        RunEnded ended = await plan.TrainSwitching(Switches(seed), everyCommits: 3 + seed % 3, seen.Observe);

        Assert.Equal(3, seen.Switches.Count);
        Assert.Equal(
            BlockId.UpTo(4).SelectMany(block => Enumerable.Range(0, StepsOfBlock).Select(step => (block, (long)step))),
            seen.Updates.Where(update => update.Fate != UpdateFate.Repeated).Select(update => (update.Block, update.Step)).Order(ByBlock));
        Assert.Equal(string.Join(' ', Enumerable.Repeat(StepsOfBlock, 4)), SafetensorsFile.Parse(ended.Snapshots[^1].Safetensors, "head").Metadata["applied"]);
    }

    [Fact]
    public async Task Every_switch_is_told_with_its_number_and_the_policies_that_hold()
    {
        PolicySettings[] switches = [new(Blocks: "lockstep"), new(Blocks: "async", Visit: 2)];
        Seen seen = new();

        await Runs.OnDigits($"noprop.epochs={Epochs}").TrainSwitching(switches, everyCommits: 3, seen.Observe);

        Assert.Equal([(1L, switches[0]), (2L, switches[1])], seen.Switches.Select(switched => (switched.Fence, switched.Policies)));
    }

    private static Comparer<(BlockId Block, long Step)> ByBlock { get; } =
        Comparer<(BlockId Block, long Step)>.Create((a, b) => (a.Block.Value, a.Step).CompareTo((b.Block.Value, b.Step)));

    private static PolicySettings[] Switches(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, 3).Select(_ => new PolicySettings(
            Orders[random.Next(Orders.Length)],
            (Placement)random.Next(2),
            random.Next(2) == 0 ? null : random.Next(1, 5),
            Embeddings[random.Next(Embeddings.Length)],
            Refresh: random.Next(1, 4),
            Moments: (MomentSharing)random.Next(2)))];
    }

    /// <summary>What a run has told of its switches and updates.</summary>
    private sealed class Seen
    {
        public List<PoliciesSwitched> Switches { get; } = [];

        public List<UpdateTaken> Updates { get; } = [];

        public void Observe(RunEvent runEvent)
        {
            if (runEvent is PoliciesSwitched switched)
            {
                Switches.Add(switched);
            }
            else if (runEvent is UpdatesTaken taken)
            {
                Updates.AddRange(taken.Updates);
            }
        }
    }
}
