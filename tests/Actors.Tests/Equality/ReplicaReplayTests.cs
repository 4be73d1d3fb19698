using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Replicas that meet in whatever order meet in the same order again, and come to the same weights, bit for bit.</summary>
public sealed class ReplicaReplayTests : IDisposable
{
    private const string Learned = "noprop.embedding.kind=\"learned:12\"";
    private const string Async = "noprop.policy.blocks=async";

    private readonly TempFolder temp = new();

    [Theory]
    [InlineData("ct", "local-sgd:2", 2)]
    [InlineData("ct", "easgd:0.4,2", 2)]
    [InlineData("ct", "delayed-nesterov:2", 2)]
    [InlineData("fm", "easgd:0.4,2", 3)]
    [InlineData("backprop", "delayed-nesterov:3", 2)]
    public async Task A_method_of_one_block_passes_through_every_checkpoint_again(string method, string rule, int replicas)
    {
        RunPlan plan = Plan(rule, replicas, $"noprop.method={method}", "noprop.blocks=auto", Learned);

        RunEnded ended = await plan.Session(temp, run => run.Train());

        RequireSame(plan, temp, ended);
    }

    [Theory]
    [InlineData("local-sgd:2", 2)]
    [InlineData("easgd:0.4,2", 2)]
    [InlineData("easgd:0.4,2", 3, "noprop.policy.refresh=3", "noprop.slots=4")]
    [InlineData("delayed-nesterov:2", 2)]
    [InlineData("delayed-nesterov:3", 3, "noprop.policy.embedding=gossip", "noprop.slots=4")]
    public async Task An_asynchronous_run_with_a_learned_embedding_passes_through_every_checkpoint_again(string rule, int replicas, params string[] settings)
    {
        RunPlan plan = Plan(rule, replicas, [Learned, Async, .. settings]);

        RunEnded ended = await plan.Session(temp, run => run.Train());

        RequireSame(plan, temp, ended);
    }

    [Theory]
    [InlineData("local-sgd:2", 3)]
    [InlineData("easgd:0.4,2", 3)]
    [InlineData("easgd:0.4,2", 14)]
    [InlineData("delayed-nesterov:2", 9)]
    public async Task A_run_that_was_stopped_and_resumed_passes_through_every_checkpoint_again(string rule, int commits)
    {
        RunPlan plan = Plan(rule, 2, Learned, Async);
        await plan.Session(temp, run => run.TrainUntil(commits));
        await plan.Session(temp, run => run.Resumed().TrainUntil(5));

        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        RequireSame(plan, temp, ended);
    }

    [Theory]
    [InlineData("local-sgd:2")]
    [InlineData("easgd:0.4,2")]
    [InlineData("delayed-nesterov:2")]
    public async Task A_run_that_went_on_from_an_earlier_checkpoint_passes_through_it_again(string rule)
    {
        RunPlan plan = Plan(rule, 2, Learned, Async, "noprop.epochs=4");
        await plan.Session(temp, run => run.Train());
        long from = 0;

        RunEnded ended = await plan.Session(temp, run => run.Resumed(from = run.Folder!.Checkpoints.Steps()[0]).Train());

        // Those between them can be of the steps that were given up.
        RequireSame(plan, temp, ended, step => step == from || step == plan.TotalSteps);
    }

    [Theory]
    [InlineData("local-sgd:2", 3, 4)]
    [InlineData("easgd:0.4,2", 3, 4)]
    [InlineData("delayed-nesterov:2", 2, 3)]
    [InlineData("easgd:0.4,2", null, 37)]
    [InlineData("delayed-nesterov:2", null, 11)]
    public async Task A_run_in_which_a_part_failed_passes_through_every_checkpoint_again(string rule, int? block, long step)
    {
        RunPlan plan = Plan(rule, 2, Learned, Async);
        FaultyMethod faulty = new(plan.Method, new Fault(block is { } t ? new BlockId(t) : null, step));

        RunEnded ended = await plan.Session(temp, run => (run with { Method = faulty }).Train());

        RequireSame(plan, temp, ended);
    }

    [Theory]
    [InlineData("easgd:0.4,2", 2)]
    [InlineData("delayed-nesterov:2", 3)]
    public async Task Blocks_that_share_nothing_are_made_again_without_a_log(string rule, int replicas)
    {
        RunPlan plan = Plan(rule, replicas, Async);
        await plan.Session(temp, run => run.TrainUntil(9));
        await plan.Session(temp, run => run.Resumed().Train());

        RequireSameWithoutLog(plan, Saved(plan, temp));
    }

    public void Dispose() => temp.Dispose();

    private static RunPlan Plan(string rule, int replicas, params string[] settings) =>
        Runs.OnDigits([$"noprop.replicas={replicas}", $"noprop.policy.replicas=\"{rule}\"", .. settings]);

    private static ReplicaRule Rule(RunPlan plan) => PolicyCatalog.BuiltIn.Parse(plan.Settings.Policies).Replicas;

    private static List<Checkpoint> Saved(RunPlan plan, TempFolder temp)
    {
        List<Checkpoint> saved = [];
        RunFolder folder = RunFolder.Read(temp.File("run"));
        saved.AddRange(folder.Checkpoints.Steps().Select(folder.Checkpoints.Load));
        Assert.Equal(plan.TotalSteps, saved[^1].Step);
        return saved;
    }

    private static void RequireSameWithoutLog(RunPlan plan, IEnumerable<Checkpoint> saved) => Assert.All(
        saved,
        checkpoint => Assert.Equal(
            Hash(checkpoint.Snapshots), WeightsHash.Sha256(UncoupledReplay.Run(plan.Trained, plan.Batches(), plan.Settings.Training.Seed, checkpoint, Rule(plan)))));

    /// <summary>A replay passes through every checkpoint of a run's folder and ends with its weights.</summary>
    internal static void RequireSame(RunPlan plan, TempFolder temp, RunEnded ended, Func<long, bool>? of = null)
    {
        List<Checkpoint> saved = [.. Saved(plan, temp).Where(checkpoint => of?.Invoke(checkpoint.Step) ?? true)];
        if (!plan.Method.Coupled)
        {
            RequireSameWithoutLog(plan, saved);
            return;
        }

        Dictionary<long, string> reached = [];
        using Replayer replayer = new(
            plan.Trained,
            plan.Batches(),
            plan.Settings.Training.Seed,
            PolicyCatalog.BuiltIn,
            ReplayLog.Read(Path.Combine(temp.File("run"), "replay.log")).Entries,
            saved.Select(checkpoint => ReplayMark.Of(checkpoint, plan.Trained.Blocks, plan.Replicas)),
            (Rule(plan), saved[^1]));

        replayer.Run(reached: (mark, snapshots) => reached[mark.Step] = Hash(snapshots));

        Assert.Equal(saved.ToDictionary(checkpoint => checkpoint.Step, checkpoint => Hash(checkpoint.Snapshots)), reached);
        Assert.Equal(ended.Figures.WeightsSha256, WeightsHash.Sha256(replayer.Snapshots().Where(snapshot => !BlockId.IsReplica(snapshot.Name))));
    }

    // A replica that was given out and taken back before its first step has a state too.
    private static string Hash(IEnumerable<Snapshot> snapshots) => WeightsHash.Sha256(snapshots.Where(snapshot => snapshot.Clock > 0));
}
