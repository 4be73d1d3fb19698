using System.Net;
using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Control;

/// <summary><c>noprop policy</c> on a run that another process trains.</summary>
[Collection(ProcessTests.Name)]
public sealed class PolicyCommandTests(SteeredRun run) : IClassFixture<SteeredRun>, IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public void A_switch_ends_with_what_has_changed() => Assert.Equal("blocks async -> lockstep\nvisit auto -> 3\n", run.Set.Succeeded().Output);

    [Fact]
    public void A_switch_that_works_writes_no_error() => Assert.Empty(run.Set.Error);

    [Fact]
    public void A_switch_is_recorded_in_the_metrics()
    {
        JsonObject record = MetricsLog.Read(run.Folder.Metrics).Single(record => (string?)record["type"] == "policies");

        Assert.Equal((1L, "lockstep"), ((long)record["fence"]!, (string?)record["policies"]!["blocks"]));
    }

    [Fact]
    public void The_runs_settings_have_the_new_policies() => Assert.Equal(
        new PolicySettings("lockstep", Visit: 3), SettingsLoader.Load(new SettingsFile("run.conf", run.RunConf)).Settings.Policies);

    [Fact]
    public void A_bad_policy_is_refused_in_the_words_of_the_catalog() =>
        Assert.Contains("unknown policy 'lokstep': did you mean 'lockstep'?", run.Refused.SingleError(exitCode: 1), StringComparison.Ordinal);

    [Fact]
    public void After_a_refusal_the_run_goes_on_as_it_was()
    {
        Assert.StartsWith("run is in training; policies switched: 1\n", run.Shown.Succeeded().Output, StringComparison.Ordinal);
        Assert.Matches("│ blocks +│ lockstep +│", run.Shown.Output);
    }

    [Fact]
    public void Policies_are_shown_by_address_too() => Assert.Matches("│ blocks +│ lockstep +│", run.ShownByAddress.Succeeded().Output);

    [LinuxFact]
    public void Only_its_owner_can_read_how_a_run_is_reached() => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, run.Mode);

    [Fact]
    public void A_request_to_the_address_without_the_token_is_turned_away() =>
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK], run.Answers.Take(3).Select(answer => answer.Status));

    [Fact]
    public void A_policy_without_a_text_is_refused() => Assert.Equal(HttpStatusCode.BadRequest, run.Answers[3].Status);

    [Fact]
    public void After_a_kill_there_is_nothing_to_switch()
    {
        Assert.True(run.HadControlFileAfterKill);
        Assert.Contains("run is not in training, so there is nothing to switch", run.SetAfterKill.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_kill_the_policies_are_those_that_the_run_would_go_on_with()
    {
        Assert.StartsWith("run is not in training: these are the policies that it would go on with\n", run.ShownAfterKill.Succeeded().Output, StringComparison.Ordinal);
        Assert.Matches("│ blocks +│ lockstep +│", run.ShownAfterKill.Output);
    }

    [Fact]
    public void A_resumed_run_goes_on_with_the_policies_that_it_had()
    {
        Assert.Contains("; lockstep, ", run.Resumed, StringComparison.Ordinal);
        Assert.Matches("│ visit +│ 3 +│", run.ShownResumed.Succeeded().Output);
    }

    [LinuxFact]
    public void At_the_end_of_a_run_nothing_says_how_to_reach_it() => Assert.False(File.Exists(run.Folder.Control));

    [Theory]
    [InlineData("0.0.0.0:5077: must be a loopback address with a port", "train", "--control", "0.0.0.0:5077")]
    [InlineData("192.168.1.1:5077: must be a loopback address with a port", "policy", "show", "192.168.1.1:5077")]
    [InlineData("127.0.0.1: must be a loopback address with a port", "train", "--control", "127.0.0.1")]
    [InlineData("nothing to set: name a policy", "policy", "set", "run")]
    [InlineData("name a run folder, or the cluster that trains the run with --join HOST:PORT", "policy", "show")]
    [InlineData("noprop.cluster.join = 192.0.2.1 (--join): must be a list of HOST:PORT", "policy", "show", "--join", "192.0.2.1")]
    public async Task Is_refused_with_one_line_that_says(string words, params string[] arguments) =>
        Assert.Contains(words, (await NopropProcess.RunAsync(folder.Path, arguments)).SingleError(exitCode: 2), StringComparison.Ordinal);

    [Fact]
    public void Every_policy_is_an_option_of_train_and_of_policy_set()
    {
        IEnumerable<string> train = Options("train");

        string[] set = [.. Options("policy", "set").Except([.. Options("policy", "show")])];

        Assert.Equal(PolicyTable.All.Length, set.Length);
        Assert.Subset(train.ToHashSet(), set.ToHashSet());
    }

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> Options(params string[] verbs)
    {
        System.CommandLine.Command command = Commands.CommandLine.Root();
        foreach (string verb in verbs)
        {
            command = command.Subcommands.Single(sub => sub.Name == verb);
        }

        return command.Options.Select(option => option.Name);
    }
}
