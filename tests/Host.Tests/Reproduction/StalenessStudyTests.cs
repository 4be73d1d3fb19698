using NoProp.Actors.Policies;
using NoProp.Host.Reproduction.Rows;
using NoProp.Host.Reproduction.Studies;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

public sealed class StalenessStudyTests
{
    [Fact]
    public void There_is_a_row_for_each_embedding_and_each_bound() => Assert.Equal(
        from embedding in (string[])["learned-20", "prototype"]
        from bound in (string[])["0", "10", "100", "1000", "none"]
        select $"dt-{embedding}-lag-{bound}",
        StalenessStudy.Experiment.Rows("digits").Select(row => row.Name));

    [Theory]
    [InlineData("digits")]
    [InlineData("mnist")]
    public void Each_row_differs_from_the_next_in_its_bound_alone(string data)
    {
        Row[] rows = [.. StalenessStudy.Experiment.Rows(data).Take(2)];

        Assert.Equal(["noprop.policy.embedding-lag=wait:10"], rows[1].Settings.Except(rows[0].Settings));
    }

    [Fact]
    public void Each_rows_settings_are_ones_that_a_run_can_have() => Assert.All(
        StalenessStudy.Experiment.Rows("digits"),
        row => Assert.Equal(
            ("async", 1_000_000, 10),
            Read(RowJob.Create(row, 0, "out", 1_500, row.Settings).Loaded.Settings)));

    private static (string Blocks, int Refresh, int Slots) Read(Actors.Hosting.NoPropSettings settings)
    {
        PolicySettings policies = settings.Policies;
        return (policies.Blocks, policies.Refresh, settings.SlotCount);
    }
}
