using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class SettingsDescriptionTests
{
    public static TheoryData<string> Paths => [.. SettingsDescription.All.Select(setting => setting.Path)];

    [Fact]
    public void Noprop_conf_has_every_known_setting_in_the_same_order_and_no_other() =>
        Assert.Equal(SettingsTable.All.Select(setting => setting.Path), SettingsDescription.All.Select(setting => setting.Path));

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_comment_of_a_setting_says_what_the_code_allows(string path) =>
        Assert.Equal(SettingsPaths.Find(path)!.Allowed, Describe(path).Allowed);

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_comment_of_a_setting_says_what_it_means(string path) =>
        Assert.EndsWith(".", Describe(path).Meaning, StringComparison.Ordinal);

    [Fact]
    public void A_description_joins_the_lines_of_its_comment() =>
        Assert.Equal(
            new(
                "noprop.checkpoint.min-interval",
                "5s",
                "a duration from 0s to 1d, as in 500ms, 30s or 5m",
                "Least time between two checkpoints: short epochs share one. Lower it to lose less when the power fails."),
            Describe("noprop.checkpoint.min-interval"));

    private static SettingsDescription Describe(string path) => SettingsDescription.All.Single(setting => setting.Path == path);
}
