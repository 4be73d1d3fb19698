using NoProp.Actors.Faults;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary>Files of faults: what they mean, and what is said of those that are wrong.</summary>
public sealed class FaultFileTests
{
    private const string All = """
        seed = 7
        nodes { trainers = 2, workers = 3, slots = 4 }
        faults = [
          { at = 900, kill = worker-1 }            # replaced at once
          { at = 25%, kill = any-worker, restart = 2s }
          { at = 1000, kill = worker-2, restart = never }
          { at = 1800, stop = worker-2, for = 10s },
          { at = 2000, leave = worker-1 }
          { at = 2100, join = worker-4 }
          { at = 2200, slow = worker-4, factor = 2.5, for = 20s }
          { at = 2300, partition = [worker-1, worker-3], for = 20s }
          { at = 2400, head = fail }
          { at = 2500, kill = trainer }
          { at = 2600, disk = full, for = 500ms }
          { at = 2700, corrupt = newest }
          { every = 15 cold-starts, kill = any-worker, times = 20 }
          { every = 5%, stop = trainer-2, times = 3 }
        ]
        """;

    [Fact]
    public void Every_fault_is_read_in_the_order_of_the_file()
    {
        Assert.Equal(
            [
                FaultKind.Kill, FaultKind.Kill, FaultKind.Kill, FaultKind.Stop, FaultKind.Leave, FaultKind.Join, FaultKind.Slow, FaultKind.Partition, FaultKind.Head,
                FaultKind.Kill, FaultKind.Disk, FaultKind.Corrupt, FaultKind.Kill, FaultKind.Stop,
            ],
            Parse(All).Faults.Select(fault => fault.Kind));
    }

    [Fact]
    public void Seed_and_nodes_are_those_of_the_file()
    {
        FaultPlan plan = Parse(All);

        Assert.Equal((7UL, 2, 3, 4), (plan.Seed, plan.Trainers, plan.Workers, plan.Slots));
    }

    [Theory]
    [InlineData("")]
    [InlineData("faults = []")]
    [InlineData("faults = [ ]")]
    [InlineData("faults = [\n]")]
    public void A_file_without_faults_is_a_cluster_of_one_trainer_and_two_workers(string text)
    {
        FaultPlan plan = Parse(text);

        Assert.Equal((1, 2, 1, 0), (plan.Trainers, plan.Workers, plan.Slots, plan.Faults.Length));
    }

    [Theory]
    [InlineData("{ at = 900, kill = worker-1 }", FaultUnit.Steps, 900, 1)]
    [InlineData("{ at = 12.5%, kill = worker-1 }", FaultUnit.Percent, 12.5, 1)]
    [InlineData("{ every = 300, kill = worker-1, times = 4 }", FaultUnit.Steps, 300, 4)]
    [InlineData("{ every = 15 cold-starts, kill = worker-1, times = 20 }", FaultUnit.ColdStarts, 15, 20)]
    public void Times_are_steps_shares_or_cold_starts(string fault, FaultUnit unit, double amount, int rounds)
    {
        Assert.Equal(new FaultTime(unit, amount, rounds), One(fault).Time);
    }

    [Theory]
    [InlineData("{ at = 9, kill = worker-1 }", 0d)]
    [InlineData("{ at = 9, kill = worker-1, restart = 1500ms }", 1.5)]
    [InlineData("{ at = 9, kill = worker-1, restart = never }", null)]
    public void A_killed_process_comes_back_when_the_file_says(string fault, double? seconds)
    {
        Assert.Equal(seconds, One(fault).Restart?.TotalSeconds);
    }

    [Theory]
    [InlineData("seed = -1", "storm.conf: seed = -1: must be a whole number")]
    [InlineData("nodes { workers = 0 }", "storm.conf: nodes.workers = 0: must be a whole number from 1 to 64")]
    [InlineData("nodes { gpus = 1 }", "storm.conf: nodes.gpus is not known here; there are trainers, workers, slots, sleep")]
    [InlineData("nodes { sleep = soon }", "storm.conf: nodes.sleep = soon: must be a time, as in 500ms, 10s or 2m")]
    [InlineData("faults = [ { at = 9, kil = worker-1 } ]", "storm.conf: faults[0] must say one of kill, stop, ")]
    [InlineData("faults = [ { at = 9, kill = worker-1, stop = worker-1 } ]", "storm.conf: faults[0] must say one of ")]
    [InlineData("faults = [ { at = 9, head = fail }\n { at = 9, kill = worker-3 } ]", "storm.conf: faults[1].kill = worker-3: must be one of any-worker, trainer, trainer-1, worker-1, worker-2")]
    [InlineData("faults = [ { kill = worker-1 } ]", "storm.conf: faults[0] must have either at (once) or every")]
    [InlineData("faults = [ { at = 1, every = 2, kill = worker-1 } ]", "storm.conf: faults[0] must have either at (once) or every")]
    [InlineData("faults = [ { every = 2, kill = worker-1 } ]", "storm.conf: faults[0] must have times = N with every")]
    [InlineData("faults = [ { at = soon, kill = worker-1 } ]", "storm.conf: faults[0].at = soon: must be committed block steps, as in 900")]
    [InlineData("faults = [ { at = 101%, kill = worker-1 } ]", "storm.conf: faults[0].at = 101%: must be committed block steps")]
    [InlineData("faults = [ { at = 15 cold-starts, kill = worker-1 } ]", "storm.conf: faults[0].at = 15 cold-starts: must be")]
    [InlineData("faults = [ { at = 9, stop = worker-1, for = long } ]", "storm.conf: faults[0].for = long: must be a time, as in 500ms, 10s or 2m")]
    [InlineData("faults = [ { at = 9, head = fail, for = 3s } ]", "storm.conf: faults[0].for is not known here; there are head, at, every, times")]
    [InlineData("faults = [ { at = 9, head = break } ]", "storm.conf: faults[0].head = break: must be fail")]
    [InlineData("faults = [ { at = 9, slow = worker-1, factor = 1 } ]", "storm.conf: faults[0].factor = 1: must be above 1 and at most 100")]
    [InlineData("faults = [ { at = 9, partition = [worker-1, trainer-1] } ]", "storm.conf: faults[0].partition = [worker-1, trainer-1]: must be a list of workers, of worker-1, worker-2")]
    [InlineData("faults = [ { at = 9, join = gpu-1 } ]", "storm.conf: faults[0].join = gpu-1: must be a worker's name")]
    [InlineData("faults = [ { at = 9, head = fail } { at = 9, head = fail } ]", "storm.conf, line 1: put a comma or a new line between two faults")]
    [InlineData("faults = 3", "storm.conf: faults: must be a list")]
    [InlineData("faults = [ 3 ]", "storm.conf: faults[0] = 3: must be a group")]
    [InlineData("faults = [ { at = 9, kill = worker-1 ", "storm.conf, line 1: ")]
    public void What_is_wrong_is_said_in_one_line_with_its_path_and_what_is_allowed(string text, string begins)
    {
        string message = Assert.Throws<SettingsException>(() => Parse(text)).Message;

        Assert.StartsWith(begins, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static FaultPlan Parse(string text) => FaultFile.Parse(new SettingsFile("storm.conf", text));

    private static Fault One(string fault) => Assert.Single(Parse($"faults = [ {fault} ]").Faults);
}
