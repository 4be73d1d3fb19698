using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Tests.Equality;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

/// <summary>What is recorded of a run whose blocks share what they move, and train out of order.</summary>
public sealed class RecordedStalenessTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder temp = new();
    private JsonObject[] records = [];
    private RunEnded? ended;

    public async Task InitializeAsync()
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=\"learned:12\"", "noprop.policy.blocks=async", "noprop.metrics.probe-every=5", "noprop.policy.refresh=3");
        using RunFolder folder = RunFolder.Create(temp.File("run"), SettingsHocon.ToHocon(plan.Settings));
        ended = await (plan with { Folder = folder }).Train();
        records = [.. MetricsLog.Read(folder.Metrics)];
    }

    [Fact]
    public void Every_gradient_is_counted() => Assert.All(Blocks(), block => Assert.Equal(20, block["lag"]!["counts"]!.AsArray().Sum(count => (long)count!)));

    [Fact]
    public void Every_gradient_has_moved_W() => Assert.All(Blocks(), block => Assert.Equal(20, (long)block["fates"]!["applied"]!));

    [Fact]
    public void The_shares_of_the_movement_sum_to_one() => Assert.Equal(1, Blocks().Sum(block => (double)block["movementShare"]!), 1e-9);

    [Fact]
    public void The_time_of_every_step_is_counted() => Assert.All(Blocks(), block => Assert.Equal(20, (long)block["time"]!["steps"]!));

    [Fact]
    public void Each_sampled_gradient_is_recorded_with_its_agreement()
    {
        JsonObject[] probes = Of("probe");

        // 4 blocks with a sample at steps 4, 9, 14 and 19; one that is overtaken by the end of the run, or by the next, is left out.
        Assert.InRange(probes.Length, 4, 16);
        Assert.All(probes, probe => Assert.InRange((double)probe["cosine"]!, -1, 1));
        Assert.All(probes, probe => Assert.Equal(4, (long)probe["step"]! % 5));
    }

    [Fact]
    public void The_slots_of_the_run_are_in_its_figures()
    {
        SlotCounts slots = ended!.Figures.Slots;

        Assert.Equal(2, slots.Alive, 0.1);
        Assert.InRange(slots.Leased, 0.1, 2);
        Assert.InRange(slots.Contributing, 0.1, 2);
    }

    [Fact]
    public void The_last_record_of_the_throughput_has_all_steps() => Assert.Equal(80, (long)Of("throughput")[^1]["steps"]!);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => temp.Dispose();

    private JsonObject[] Of(string type) => [.. records.Where(record => (string?)record["type"] == type)];

    private JsonNode[] Blocks() => [.. Of("staleness")[^1]["blocks"]!.AsArray().Select(block => block!)];
}
