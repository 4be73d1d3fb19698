using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>The policies of a run by name.</summary>
public sealed class PolicyTableTests
{
    /// <summary>Another text for each policy than its default.</summary>
    private static readonly Dictionary<string, string> Others = new()
    {
        ["blocks"] = "async",
        ["placement"] = "pinned",
        ["visit"] = "5",
        ["embedding"] = "gossip",
        ["embedding-lag"] = "reject:7",
        ["head"] = "free-running:3",
        ["schedule"] = "frozen",
        ["schedule-lag"] = "wait:5",
        ["refresh"] = "4",
        ["moments"] = "per-block",
        ["replicas"] = "easgd:0.5,4",
    };

    public static TheoryData<string> Names => [.. PolicyTable.All.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_name_changes_its_own_policy_and_no_other(string name)
    {
        PolicySettings before = new();

        PolicySettings after = PolicyTable.Change(before, new Dictionary<string, string> { [name] = Others[name] });

        Assert.Equal([$"{name} {PolicyTable.Texts(before)[name]} -> {Others[name]}"], PolicyTable.Differences(before, after));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_policy_takes_its_own_text_back(string name)
    {
        PolicySettings changed = PolicyTable.Change(new(), new Dictionary<string, string> { [name] = Others[name] });

        Assert.Equal(new PolicySettings(), PolicyTable.Change(changed, new Dictionary<string, string> { [name] = PolicyTable.Texts(new())[name] }));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_name_is_a_setting_that_means_the_same(string name)
    {
        PolicySettings loaded = SettingsLoader.Load(null, [$"noprop.policy.{name}=\"{Others[name]}\""]).Settings.Policies;

        Assert.Equal([$"{name} {PolicyTable.Texts(new())[name]} -> {Others[name]}"], PolicyTable.Differences(new(), loaded));
    }

    [Fact]
    public void The_names_are_those_of_noprop_conf_in_its_order() => Assert.Equal(
        SettingsDescription.All.Select(setting => setting.Path)
            .Where(path => path.StartsWith("noprop.policy.", StringComparison.Ordinal) && path != "noprop.policy.assemblies"),
        PolicyTable.All.Select(entry => $"noprop.policy.{entry.Name}"));

    [Fact]
    public void Several_policies_change_together()
    {
        PolicySettings after = PolicyTable.Change(new(), Others);

        Assert.Equal(Others.OrderBy(pair => pair.Key, StringComparer.Ordinal), PolicyTable.Texts(after));
    }

    [Theory]
    [InlineData("placement", "floating")]
    [InlineData("visit", "0")]
    [InlineData("visit", "-1")]
    [InlineData("visit", "1000001")]
    [InlineData("moments", "none")]
    [InlineData("refresh", "auto")]
    [InlineData("refresh", "1.5")]
    public void A_text_that_cannot_be_a_policy_is_refused(string name, string text) => Assert.Equal(
        $"policy {name} cannot be '{text}'",
        Assert.Throws<NoPropException>(() => PolicyTable.Change(new(), new Dictionary<string, string> { [name] = text })).Message);
}
