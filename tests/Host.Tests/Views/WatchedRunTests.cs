using System.Globalization;
using NoProp.Host.Serving;
using NoProp.Host.Views;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace NoProp.Host.Tests.Views;

/// <summary>What <c>noprop watch</c> makes of a run's records.</summary>
public sealed class WatchedRunTests
{
    private static readonly DateTime Begin = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly WatchedRun run = new(modelBlocks: 2);

    public WatchedRunTests() => Take(0, "start", "'target':20,'clocks':[0,0],'policies':{'blocks':'lockstep'}");

    [Fact]
    public void Clocks_leads_and_rates_follow_the_steps()
    {
        Steps(1, block: 2, clock: 4);
        Steps(3, block: 2, clock: 8);

        Assert.Equal((8L, 8L, 2.0), (run.Blocks[1].Clock, run.Blocks[1].Lead, run.Blocks[1].Rate(Begin.AddSeconds(3))));
        Assert.Equal([0.5, 0.25], run.Blocks[1].Errors);
    }

    [Fact]
    public void A_block_whose_lease_is_taken_back_recovers_when_it_is_trained_again()
    {
        Steps(1, block: 1, clock: 4);
        Take(2, "leaseRevoked", "'block':1,'worker':'ada','reason':'its node died'");
        string without = run.State(run.Blocks[0], Begin.AddSeconds(2.5));
        Steps(3.5, block: 1, clock: 8, worker: "grace");

        Assert.Equal(("recovering", "training"), (without, run.State(run.Blocks[0], Begin.AddSeconds(4))));
        Assert.EndsWith("lease of ada on block 1 taken back: its node died", run.Events[0], StringComparison.Ordinal);
        Assert.EndsWith("block 1 is trained again by grace, 1.5 s later", run.Events[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_that_nobody_trains_waits_and_one_at_its_end_is_done()
    {
        Steps(1, block: 1, clock: 20);
        Steps(1, block: 2, clock: 4);

        Assert.Equal(("done", "waiting"), (run.State(run.Blocks[0], Begin.AddSeconds(60)), run.State(run.Blocks[1], Begin.AddSeconds(60))));
    }

    [Fact]
    public void A_switch_says_what_has_changed()
    {
        Take(1, "policies", "'steps':12,'policies':{'blocks':'async'}");

        Assert.EndsWith("after 12 block steps: blocks lockstep -> async", Assert.Single(run.Events), StringComparison.Ordinal);
        Assert.Equal("async", run.Policies["blocks"]);
    }

    [Fact]
    public void Records_that_were_taken_back_are_forgotten()
    {
        Steps(1, block: 1, clock: 4);
        run.Take(new MetricsRecord("rewound", "0", "{}"));

        Assert.Equal((null, 0), (run.Target, run.Blocks.Count));
    }

    [Theory]
    [InlineData("steps", "")]
    [InlineData("steps", "'block':9,'clock':1,'lead':0,'worker':'ada'")]
    [InlineData("steps", "'block':'one'")]
    [InlineData("epoch", "'epoch':1")]
    [InlineData("unheardOf", "")]
    public void A_record_that_is_not_understood_changes_nothing(string type, string fields)
    {
        string before = Shown();

        Take(0, type, fields);
        run.Take(new MetricsRecord(type, "0", "{"));

        Assert.Equal(before, Shown());
    }

    [Fact]
    public void The_table_shows_each_block_accuracy_by_depth_policy_and_what_has_happened()
    {
        Steps(1, block: 1, clock: 4);
        Take(2, "throughput", "'stepsPerSecond':12.5");
        Take(2, "epoch", "'epoch':3,'testAccuracyPerBlock':[0.5,0.75]");
        Take(3, "restart", "'what':'block-02','cause':'out of luck\\nat Somewhere'");

        string shown = Shown();

        Assert.Contains("4/40 block steps, 12.5 a second", shown, StringComparison.Ordinal);
        Assert.Contains("epoch 3  test accuracy 75.00%", shown, StringComparison.Ordinal);
        Assert.Contains("by depth 50.0 75.0", shown, StringComparison.Ordinal);
        Assert.Contains("policy lockstep", shown, StringComparison.Ordinal);
        Assert.Contains("block-02 begins again from its last state: out of luck", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Somewhere", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("▁▃▆█", 0.0, 1.0, 2.0, 3.0)]
    [InlineData("▁▁▁▁", 1.0, 1.0, 1.0, 1.0)]
    [InlineData("▁█", double.NaN, 1.0, double.PositiveInfinity, 3.0)]
    public void A_curve_in_letters_goes_from_the_least_to_the_most(string curve, params double[] values) =>
        Assert.Equal(curve, WatchView.Sparkline(values, width: 8));

    [Fact]
    public void A_long_curve_is_made_of_means() => Assert.Equal("▁█", WatchView.Sparkline([0, 2, 3, 5], width: 2));

    private void Steps(double second, int block, long clock, string worker = "ada") => Take(
        second, "steps",
        string.Create(CultureInfo.InvariantCulture, $"'block':{block},'clock':{clock},'lead':{clock},'loss':1,'squaredError':{2.0 / clock},'worker':'{worker}'"));

    private void Take(double second, string type, string fields) =>
        run.Take(new MetricsRecord(type, "0", $$"""{"type":"{{type}}","at":"{{Begin.AddSeconds(second):O}}"{{(fields.Length > 0 ? "," : "")}}{{fields.Replace('\'', '"')}}}"""));

    private string Shown()
    {
        TestConsole console = new TestConsole().Width(160);
        console.Write(WatchView.Render(run, Begin.AddSeconds(4), footer: ""));
        return console.Output;
    }
}
