using NoProp.Actors.Policies;
using NoProp.Host.Cluster;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using NoProp.Models.Native;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>What a run that is given to a cluster may name as code.</summary>
public sealed class SubmittedPoliciesTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public void Without_a_folder_no_code_is_loaded_and_the_line_says_what_to_set()
    {
        string? fault = new SubmittedPolicies(null).Fault(Naming(folder["My.dll"]));

        Assert.Contains("names a folder for such files with noprop.cluster.policy-assemblies", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("My.dll")]
    [InlineData("allowed/../My.dll")]
    [InlineData("allowed/deeper/My.dll")]
    [InlineData("allowed-not/My.dll")]
    public void A_file_elsewhere_is_refused(string file) =>
        Assert.Contains("from where alone the trainer loads code", new SubmittedPolicies(folder["allowed"]).Fault(Naming(folder[file])), StringComparison.Ordinal);

    [Fact]
    public void A_file_in_the_folder_is_loaded()
    {
        string own = typeof(SubmittedPoliciesTests).Assembly.Location;

        Assert.Null(new SubmittedPolicies(Path.GetDirectoryName(own)).Fault(Naming(own)));
    }

    [Fact]
    public void Policies_that_come_with_noprop_need_no_folder() => Assert.Null(new SubmittedPolicies(null).Fault(new PolicySettings("lockstep")));

    [Fact]
    public void A_run_that_names_code_does_not_get_into_the_queue()
    {
        ClusterRuns runs = new(folder.Path, dataDir: null, [ComputeDevice.Cpu]);

        NoPropException refused = Assert.ThrowsAny<NoPropException>(() => runs.Check("noprop.policy.assemblies = [\"/tmp/My.dll\"]", "run"));

        Assert.Contains("noprop.cluster.policy-assemblies", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_has_begun_before_is_not_resumed_with_code()
    {
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run/run.conf"], "");

        NoPropException refused = Assert.ThrowsAny<NoPropException>(() => new ClusterRuns(folder.Path, dataDir: null, [ComputeDevice.Cpu]).Resume(["noprop.policy.assemblies=[\"/tmp/My.dll\"]"], "run"));

        Assert.Contains("noprop.cluster.policy-assemblies", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["training"]));
    }

    public void Dispose() => folder.Dispose();

    private static PolicySettings Naming(string file) => new() { Assemblies = new([file]) };
}
