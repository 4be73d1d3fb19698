using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Cluster;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Deploy;

/// <summary>The units in deploy/systemd.</summary>
public sealed class SystemdTests : IDisposable
{
    private const string Program = "/usr/lib/noprop/noprop";

    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("trainer")]
    [InlineData("worker")]
    public void A_unit_starts_a_node_of_its_role(string role)
    {
        string[] command = DeployFiles.Split(Value(role, "ExecStart"));

        Assert.Equal(Program, command[0]);
        Assert.Equal(role, DeployFiles.Parse(command[1..]).GetValue<string>("--role"));
        Assert.Equal(role, ClusterConfig.RoleName(Assert.Single(DeployFiles.Settings(command[1..], new("noprop.conf", "")).Cluster.Roles)));
    }

    [Fact]
    public void A_trainer_and_a_worker_on_one_machine_listen_at_different_ports()
    {
        Assert.NotEqual(Port("trainer"), Port("worker"));
    }

    [Fact]
    public void The_runs_of_a_trainer_lie_in_the_folder_that_it_may_write()
    {
        string runs = DeployFiles.Parse(DeployFiles.Split(Value("trainer", "ExecStart"))[1..]).GetValue<string>("--runs")!;

        Assert.StartsWith($"/var/lib/{Value("trainer", "StateDirectory")}/", runs, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trainer")]
    [InlineData("worker")]
    public void A_node_has_the_time_to_hand_over_and_to_leave(string role)
    {
        Assert.Equal("SIGTERM", Value(role, "KillSignal"));
        Assert.True(TimeSpan.FromSeconds(int.Parse(Value(role, "TimeoutStopSec"), CultureInfo.InvariantCulture)) > DeployFiles.TimeToLeave);
    }

    [Theory]
    [InlineData("trainer")]
    [InlineData("worker")]
    public void A_node_that_was_drained_or_has_wrong_settings_is_not_started_again(string role)
    {
        Assert.Equal("on-failure", Value(role, "Restart"));
        Assert.Equal(Commands.CommandLine.Usage.ToString(CultureInfo.InvariantCulture), Value(role, "RestartPreventExitStatus"));
    }

    [SystemdTheory]
    [InlineData("trainer")]
    [InlineData("worker")]
    public void Systemd_accepts_a_unit(string role)
    {
        // It looks for the program, which is here not installed.
        string unit = folder[$"noprop-{role}.service"];
        File.WriteAllText(unit, DeployFiles.Read("systemd", $"noprop-{role}.service").Replace("ExecStart=" + Program, "ExecStart=/bin/true", StringComparison.Ordinal));

        using Process process = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", unit]) { RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(("", 0), (said, process.ExitCode));
    }

    public void Dispose() => folder.Dispose();

    private static string Value(string role, string key) => Assert.Single(
        DeployFiles.Read("systemd", $"noprop-{role}.service").Split('\n'), line => line.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];

    private static int Port(string role) => DeployFiles.Settings(DeployFiles.Split(Value(role, "ExecStart"))[1..], new("noprop.conf", "")).Cluster.Port;
}

/// <summary>A test that asks systemd, skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdTheoryAttribute : TheoryAttribute
{
    public SystemdTheoryAttribute()
    {
        if (!File.Exists("/usr/bin/systemd-analyze"))
        {
            Skip = "needs systemd-analyze";
        }
    }
}
