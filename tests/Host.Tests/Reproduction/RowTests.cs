using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction.Rows;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>The rows of the tables and figures.</summary>
public sealed class RowTests
{
    [Fact]
    public void Table_1_has_these_rows() =>
        Assert.Equal(
            [
                "backprop-one-hot", "backprop-learned-20", "backprop-prototype",
                "dt-one-hot", "dt-learned-20", "dt-prototype",
                "adjoint-one-hot",
                "ct-one-hot", "ct-learned-20", "ct-prototype",
                "fm-one-hot", "fm-learned-20", "fm-prototype",
            ],
            Rows("table1", "mnist").Select(row => row.Name));

    [Theory]
    [InlineData("table1", "mnist")]
    [InlineData("table1", "cifar10")]
    [InlineData("table1", "cifar100")]
    [InlineData("table2", "folder:/images")]
    public void Every_row_of_a_table_has_the_papers_accuracy(string table, string data) =>
        Assert.All(Rows(table, data), row => Assert.InRange(row.Paper!.Value, 0.06, 0.996));

    [Fact]
    public void A_data_set_that_the_paper_has_not_has_no_accuracy_of_it() => Assert.All(Rows("table1", "digits"), row => Assert.Null(row.Paper));

    [Theory]
    [InlineData("table1")]
    [InlineData("figure4")]
    [InlineData("figure6")]
    [InlineData("figure7")]
    public void No_two_rows_share_a_name(string experiment) =>
        Assert.Distinct(Rows(experiment, "digits").Select(row => row.Name));

    [Theory]
    [InlineData("table1")]
    [InlineData("figure6")]
    [InlineData("figure7")]
    public void No_two_rows_share_their_settings(string experiment) =>
        Assert.Distinct(Rows(experiment, "digits").Select(row => string.Join(' ', row.Settings)));

    [Theory]
    [InlineData("table1")]
    [InlineData("table2")]
    [InlineData("figure6")]
    [InlineData("figure7")]
    public void The_settings_of_every_row_are_settings(string experiment) =>
        Assert.All(Rows(experiment, "digits"), row => SettingsLoader.Load(overrides: row.Settings));

    [Theory]
    [InlineData(null, 13)]
    [InlineData("dt-*", 3)]
    [InlineData("dt-*,fm-one-hot", 4)]
    [InlineData("*-one-hot, adjoint-*", 5)]
    public void A_pattern_selects_rows(string? pattern, int count) => Assert.Equal(count, Row.Select(Rows("table1", "mnist"), pattern).Count);

    [Theory]
    [InlineData("dt-onehot", "--rows dt-onehot: no row is named 'dt-onehot': did you mean 'dt-one-hot'?")]
    [InlineData("dt-*,xx", "no row is named 'xx': there are backprop-one-hot, ")]
    [InlineData(",", "no row is named ','")]
    public void A_pattern_that_names_no_row_is_refused(string pattern, string words) =>
        Assert.Contains(words, Assert.Throws<SettingsException>(() => Row.Select(Rows("table1", "mnist"), pattern)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Row> Rows(string experiment, string data) => Experiment.All.Single(known => known.Name == experiment).Rows(data);
}
