using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Host.Tests.Deploy;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>Who follows docs/cluster.md finds what it promises.</summary>
public sealed partial class ClusterDocumentTests(ClusterDocument document) : IClassFixture<ClusterDocument>
{
    public static TheoryData<string> Commands => [.. ReadmeTests.Shown(ClusterDocument.Text).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_that_is_shown_parses(string command)
    {
        DeployFiles.Parse(DeployFiles.Split(command));
    }

    [Fact]
    public void The_first_block_puts_the_built_command_on_the_path()
    {
        string built = Path.Combine("src", "Host", "bin", "Release", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)));

        Assert.Contains("dotnet build -c Release", ClusterDocument.Blocks[0], StringComparison.Ordinal);
        Assert.Contains($"PATH=\"$PWD/{built}:$PATH\"", ClusterDocument.Blocks[0], StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Three_nodes_say_what_they_are()
    {
        Assert.Contains(" is a node of the cluster 'noprop' as trainer;", document.Log("trainer"), StringComparison.Ordinal);
        Assert.Contains("worker ada offers 1 slot", document.Log("ada"), StringComparison.Ordinal);
        Assert.Contains("worker bob offers 1 slot", document.Log("bob"), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void The_first_run_trains_to_its_end()
    {
        string output = document.Output("--out first");

        Assert.Contains("first trains on the cluster;", output, StringComparison.Ordinal);
        Assert.Contains("\ndone: test accuracy ", output, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void The_status_shows_three_members_two_workers_and_four_blocks()
    {
        string output = document.Output("--out second --blocks");

        Assert.Equal(["trainer, voter", "worker", "worker"], Rows(output, "member").Where(row => row[2] == "up" && row[1] != "client").Select(row => row[1]).Order());
        Assert.Equal(["ada", "bob"], Workers(output));
        Assert.Equal(["block 1", "block 2", "block 3", "block 4"], Rows(output, "block").Select(row => row[0]));
    }

    [LinuxFact]
    public void Every_block_has_a_reason_to_be_where_it_is()
    {
        string[][] rows = [.. Rows(document.Output("explain placement"), "block")];

        Assert.Equal(4, rows.Length);
        Assert.All(rows, row => Assert.NotEmpty(row[3]));
    }

    [LinuxFact]
    public void Policies_are_switched_and_shown_from_afar()
    {
        string output = document.Output("noprop policy set");

        Assert.Contains("blocks bounded:8 -> bounded:4\nvisit auto -> 2\nsecond is in training; policies switched: 1\n", output, StringComparison.Ordinal);
        Assert.Contains(Rows(output, "policy"), row => row[0] == "visit" && row[1] == "2");
    }

    [LinuxFact]
    public void After_the_kill_the_other_worker_has_all_blocks()
    {
        string output = document.Output("kill -9 $ADA");

        Assert.Equal(["bob"], Workers(output));
        Assert.Subset(new HashSet<string> { "bob", "-" }, Rows(output, "block").Select(row => row[3]).ToHashSet());
        Assert.Contains("ada is gone", document.Log("second"), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Each_block_has_moved_on_after_the_kill()
    {
        long[] before = Steps(document.Output("--out second --blocks"));
        long[] after = Steps(document.Output("kill -9 $ADA"));

        Assert.Equal((4, 4), (before.Length, after.Length));
        Assert.All(before.Zip(after), steps => Assert.True(steps.Second > steps.First, $"{steps}"));
    }

    [LinuxFact]
    public void A_worker_that_is_drained_says_so_and_ends_well()
    {
        Assert.Contains("bob has handed over what it held, and leaves", document.Output("noprop drain bob"), StringComparison.Ordinal);
        Assert.Contains("has left the cluster 'noprop'", document.Log("bob"), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_run_that_waits_says_so_is_in_the_status_and_can_be_taken_out()
    {
        string output = document.Output("noprop stop third");

        Assert.Contains("third waits for its turn, number 1 in the queue: it is behind second;", document.Log("third"), StringComparison.Ordinal);
        Assert.Equal(["1", "third"], Assert.Single(Rows(output, "place")));
        Assert.Contains("\nthird is taken out of the queue", output, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_run_that_is_stopped_and_resumed_goes_on_where_it_was()
    {
        long stopped = long.Parse(StoppedAfter().Match(document.Output("noprop stop --join")).Groups[1].Value, CultureInfo.InvariantCulture);
        long resumed = long.Parse(EpochSteps().Match(document.Log("resumed")).Groups[1].Value, CultureInfo.InvariantCulture);

        Assert.True(stopped > 0 && resumed >= stopped, $"stopped after {stopped}, resumed to {resumed}");
    }

    [LinuxFact]
    public void Nodes_that_are_asked_to_end_leave_and_the_run_waits_for_the_next_trainer()
    {
        Assert.Contains("has left the cluster 'noprop'", document.Log("trainer"), StringComparison.Ordinal);
        Assert.Contains("has left the cluster 'noprop'", document.Log("ada"), StringComparison.Ordinal);
        Assert.Equal("second", document.Mark);
    }

    private static IEnumerable<string> Workers(string status) => Rows(status, "worker").Select(row => row[0]).Order();

    private static long[] Steps(string status) => [.. Rows(status, "block").Select(row => long.Parse(row[1].Split(' ')[0], CultureInfo.InvariantCulture))];

    // Of the table whose first column has this heading.
    private static IEnumerable<string[]> Rows(string output, string heading) => output.Split('\n')
        .SkipWhile(line => !line.StartsWith($"│ {heading} ", StringComparison.Ordinal))
        .Skip(1)
        .TakeWhile(line => !line.StartsWith('╰'))
        .Where(line => line.StartsWith('│'))
        .Select(line => line.Split('│', StringSplitOptions.TrimEntries)[1..^1]);

    [GeneratedRegex("""second: stopped after (\d+) block steps""")]
    private static partial Regex StoppedAfter();

    [GeneratedRegex("""^epoch .* (\d+)/\d+ block steps""", RegexOptions.Multiline)]
    private static partial Regex EpochSteps();
}
