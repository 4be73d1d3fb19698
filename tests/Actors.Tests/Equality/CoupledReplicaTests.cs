using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Replicas of blocks that share parameters which they move: the order matters, and no gradient is lost or applied twice.</summary>
public sealed class CoupledReplicaTests
{
    private const string Learned = "noprop.embedding.kind=\"learned:12\"";
    private const string One = "noprop.blocks=auto";

    // 300 images in batches of 32, two epochs: two replicas make 5 steps of each epoch's 10, three make 3.
    [Theory]
    [InlineData(2, "10 10 10 10 10 10 10 10", "noprop.method=dt", Learned)]
    [InlineData(2, "10 10 10 10 10 10 10 10", "noprop.method=dt", Learned, "noprop.policy.replicas=\"easgd:0.3,2\"")]
    [InlineData(2, "10 10 10 10 10 10 10 10", "noprop.method=dt", Learned, "noprop.policy.embedding=averaged")]
    [InlineData(2, "10 10 10 10 10 10 10 10", "noprop.method=dt", Learned, "noprop.policy.embedding=gossip", "noprop.policy.moments=per-block")]
    [InlineData(2, "10 10 10 10 10 10 10 10", "noprop.method=dt", Learned, "noprop.policy.embedding-lag=\"wait:3\"", "noprop.policy.refresh=2")]
    [InlineData(3, "6 6 6", "noprop.method=ct", One)]
    [InlineData(2, "10 10", "noprop.method=fm", One, Learned, "noprop.policy.replicas=\"delayed-nesterov:2\"")]
    [InlineData(2, "10 10", "noprop.method=backprop")]
    [InlineData(2, "10 10", "noprop.method=adjoint", One)]
    public async Task Every_gradient_of_every_replica_is_taken_once(int replicas, string taken, params string[] settings)
    {
        RunPlan plan = Runs.OnDigits([$"noprop.replicas={replicas}", .. settings]);

        RunEnded ended = await plan.Train();

        Assert.Equal((RunOutcome.Completed, plan.Method.Coupled ? taken : null), (ended.Outcome, Applied(ended)));
    }

    [Theory]
    [InlineData("noprop.method=ct", One)]
    [InlineData("noprop.method=dt", Learned)]
    public async Task A_run_that_is_stopped_and_resumed_loses_no_gradient(params string[] settings)
    {
        RunPlan plan = Runs.OnDigits(["noprop.replicas=2", "noprop.policy.replicas=\"local-sgd:2\"", .. settings]);
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(3));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(string.Join(' ', Enumerable.Repeat(10, plan.Trained.Blocks)), Applied(ended));
    }

    [Theory]
    [InlineData("local-sgd:2", "noprop.method=ct", One)]
    [InlineData("easgd:0.3,2", "noprop.method=ct", One)]
    [InlineData("local-sgd:2", "noprop.method=dt", Learned)]
    public async Task The_last_checkpoint_holds_what_the_last_meetings_gave(string rule, params string[] settings)
    {
        RunPlan plan = Runs.OnDigits(["noprop.replicas=2", $"noprop.policy.replicas=\"{rule}\"", .. settings]);
        using TempFolder temp = new();

        await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.Train();
            Assert.Equal(
                ended.Figures.WeightsSha256,
                WeightsHash.Sha256(run.Folder!.Checkpoints.LoadNewestWhole().Checkpoint!.Snapshots.Where(snapshot => !BlockId.IsReplica(snapshot.Name))));
            return ended;
        });
    }

    [Theory]
    [InlineData(null, 17)]
    [InlineData(1, 3)]
    public async Task A_failure_neither_stops_a_run_nor_applies_a_gradient_twice(int? block, long step)
    {
        RunPlan plan = Runs.OnDigits("noprop.replicas=2", Learned);
        FaultyMethod faulty = new(plan.Method, new Fault(block is { } t ? new BlockId(t) : null, step));

        RunEnded ended = await (plan with { Method = faulty }).Train();

        Assert.Equal((RunOutcome.Completed, 80L), (ended.Outcome, ended.Snapshots[^1].Clock));
    }

    [Theory]
    [InlineData("local-sgd:5")]
    [InlineData("easgd:0.45,5")]
    [InlineData("delayed-nesterov:5")]
    public async Task Two_replicas_of_the_network_of_continuous_time_learn_to_read_digits(string rule)
    {
        RunPlan plan = RunPlan.Create(
            SettingsLoader.Load(null, ["noprop.method=ct", "noprop.replicas=2", $"noprop.policy.replicas=\"{rule}\"", "noprop.epochs=12", "noprop.batch=32", "noprop.inference.steps=20", "noprop.slots=2"]),
            Digits.Load());

        RunEnded ended = await plan.Train();

        Assert.InRange(ended.Figures.TestAccuracyPerBlock[^1], 0.85, 1);
    }

    private static string? Applied(RunEnded ended) => SafetensorsFile.Parse(ended.Snapshots[^1].Safetensors, "head").Metadata.GetValueOrDefault("applied");
}
