using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Embeddings;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>A run whose blocks train side by side and share what they move is different every time; made again from its log, it is the same, bit for bit.</summary>
public sealed class ReplayEqualityTests : IDisposable
{
    private const string Async = "noprop.policy.blocks=async";
    private const string Learned = "noprop.embedding.kind=\"learned:12\"";

    private readonly TempFolder temp = new();

    [Theory]
    [InlineData("noprop.policy.embedding=immediate")]
    [InlineData("noprop.policy.embedding=averaged")]
    [InlineData("noprop.policy.embedding=\"staleness-scaled:0.5\"")]
    [InlineData("noprop.policy.embedding=\"delay-compensated:0.5\"")]
    [InlineData("noprop.policy.embedding=gossip")]
    [InlineData("noprop.policy.embedding-lag=\"reject:0\"")]
    [InlineData("noprop.policy.embedding-lag=\"wait:2\"", "noprop.policy.refresh=3")]
    [InlineData("noprop.policy.refresh=5")]
    [InlineData("noprop.policy.head=\"free-running:3\"")]
    [InlineData("noprop.policy.moments=per-block")]
    [InlineData("noprop.class-probability.kind=radial")]
    [InlineData("noprop.metrics.probe-every=3")]
    [InlineData("noprop.metrics.probe-every=1", "noprop.slots=4", "noprop.policy.refresh=4", "noprop.policy.embedding=gossip")]
    [InlineData("noprop.slots=4", "noprop.policy.refresh=4", "noprop.policy.embedding=gossip", "noprop.policy.head=\"free-running:7\"")]
    public async Task An_asynchronous_run_replays_to_the_same_weights(params string[] settings)
    {
        RunPlan plan = Runs.OnDigits([Learned, Async, .. settings]);

        RunEnded ended = await plan.Session(temp, run => run.Train());

        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Theory]
    [InlineData("ct")]
    [InlineData("fm")]
    [InlineData("backprop")]
    public async Task A_method_of_one_block_replays_to_the_same_weights(string method)
    {
        RunPlan plan = Runs.OnDigits($"noprop.method={method}", "noprop.blocks=auto", Learned);

        RunEnded ended = await plan.Session(temp, run => run.Train());

        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Fact]
    public async Task A_run_in_the_papers_order_replays_to_the_same_weights()
    {
        RunPlan plan = Runs.OnDigits(Learned, "noprop.policy.blocks=algorithm1");

        RunEnded ended = await plan.Session(temp, run => run.Train());

        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Fact]
    public async Task A_run_whose_policies_were_switched_on_the_way_replays_to_the_same_weights()
    {
        RunPlan plan = Runs.OnDigits(Learned, Async, "noprop.epochs=4");
        PolicySettings[] switches =
        [
            new(Blocks: "lockstep", Embedding: "gossip", Moments: MomentSharing.PerBlock),
            new(Blocks: "bounded:3", Embedding: "delay-compensated", Head: "free-running:5", Refresh: 2),
            new(Blocks: "async", Embedding: "averaged"),
        ];

        RunEnded ended = await plan.Session(temp, run => run.TrainSwitching(switches, everyCommits: 4));

        Assert.Equal(switches.Length, Entries().OfType<ReplayEntry.Switch>().Count());
        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Theory]
    [InlineData(3, 11)]
    [InlineData(1, 0)]
    [InlineData(null, 37)]
    [InlineData(null, 0)]
    [InlineData(null, 79)]
    public async Task A_run_in_which_a_part_failed_replays_to_the_same_weights(int? block, long step)
    {
        RunPlan plan = Runs.OnDigits(Learned, Async, "noprop.slots=4");
        FaultyMethod faulty = new(plan.Method, new Fault(block is { } t ? new BlockId(t) : null, step));

        RunEnded ended = await plan.Session(temp, run => (run with { Method = faulty }).Train());

        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Fact]
    public async Task A_run_that_was_stopped_and_resumed_replays_to_the_same_weights()
    {
        RunPlan plan = Runs.OnDigits(Learned, Async);
        await plan.Session(temp, run => run.TrainUntil(3));

        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(2, Entries().OfType<ReplayEntry.Session>().Count());
        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Fact]
    public async Task A_run_that_went_on_from_an_earlier_checkpoint_replays_to_the_same_weights()
    {
        RunPlan plan = Runs.OnDigits(Learned, Async, "noprop.epochs=4");
        await plan.Session(temp, run => run.Train());

        RunEnded ended = await plan.Session(temp, run => run.Resumed(run.Folder!.Checkpoints.Steps()[0]).Train());

        Assert.Equal(ended.Figures.WeightsSha256, Replay(plan));
    }

    [Fact]
    public async Task A_replay_passes_through_every_checkpoint()
    {
        RunPlan plan = Runs.OnDigits(Learned, Async, "noprop.epochs=4");
        List<Checkpoint> saved = [];
        await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.Train();
            saved.AddRange(run.Folder!.Checkpoints.Steps().Select(run.Folder.Checkpoints.Load));
            return ended;
        });
        Dictionary<long, string> reached = [];

        using Replayer replayer = Replayer(plan, saved.Select(Mark));
        replayer.Run(reached: (mark, snapshots) => reached[mark.Step] = WeightsHash.Sha256(snapshots));

        Assert.True(saved.Count > 1);
        Assert.Equal(saved.ToDictionary(checkpoint => checkpoint.Step, checkpoint => WeightsHash.Sha256(checkpoint.Snapshots)), reached);
    }

    [Fact]
    public async Task A_run_whose_blocks_share_nothing_replays_to_the_same_weights_without_a_log_also_where_its_head_had_other_policies_on_the_way()
    {
        RunPlan plan = Runs.OnDigits(Async, "noprop.epochs=4");
        PolicySettings[] switches = [new(Blocks: "async", Head: "free-running:3"), new(Blocks: "lockstep"), new(Blocks: "async", Head: "free-running:1")];
        List<PoliciesSwitched> made = [];
        Checkpoint? last = null;

        RunEnded ended = await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.TrainSwitching(switches, everyCommits: 4, Watch);
            last = run.Folder!.Checkpoints.LoadNewestWhole().Checkpoint;
            return ended;
        });

        Assert.Equal(switches.Length, made.Count);
        Assert.False(File.Exists(Path.Combine(temp.File("run"), "replay.log")));
        Assert.Equal(
            ended.Figures.WeightsSha256,
            WeightsHash.Sha256(UncoupledReplay.Run(plan.Method, plan.Batches(), plan.Settings.Training.Seed, last!)));

        void Watch(RunEvent runEvent)
        {
            if (runEvent is PoliciesSwitched switched)
            {
                made.Add(switched);
            }
        }
    }

    [Fact]
    public async Task A_replay_stops_where_it_is_asked_to()
    {
        RunPlan plan = Runs.OnDigits(Learned, Async);
        await plan.Session(temp, run => run.Train());

        using Replayer replayer = Replayer(plan);
        replayer.Run(until: 33);

        Assert.Equal(33, replayer.BlockSteps);
    }

    public void Dispose() => temp.Dispose();

    private static ReplayMark Mark(Checkpoint checkpoint) => ReplayMark.Of(checkpoint, blocks: 4);

    private System.Collections.Immutable.ImmutableArray<ReplayEntry> Entries() => ReplayLog.Read(Path.Combine(temp.File("run"), "replay.log")).Entries;

    private Replayer Replayer(RunPlan plan, IEnumerable<ReplayMark>? marks = null) =>
        new(plan.Method, plan.Batches(), plan.Settings.Training.Seed, PolicyCatalog.BuiltIn, Entries(), marks);

    private string Replay(RunPlan plan)
    {
        using Replayer replayer = Replayer(plan);
        replayer.Run();
        return WeightsHash.Sha256(replayer.Snapshots());
    }
}
