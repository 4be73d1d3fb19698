using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using Xunit;

namespace NoProp.Actors.Tests.Replaying;

public sealed class LagSummaryTests
{
    private static readonly ReplayEntry Session = new ReplayEntry.Session(new PolicySettings());

    [Fact]
    public void A_gradient_lags_by_the_versions_since_the_one_that_it_was_computed_with() => Assert.Equal(
        new LagSummary(Mean: 1, Median: 1, Max: 2),
        LagSummary.Of([Session, Taken(1, 0, version: 0), Taken(2, 0, version: 0), Taken(3, 0, version: 0)]));

    [Fact]
    public void A_step_that_stands_in_for_a_lost_gradient_is_a_version_too() => Assert.Equal(
        new LagSummary(Mean: 1, Median: 2, Max: 2),
        LagSummary.Of([Session, Taken(1, 0, version: 0), new ReplayEntry.Lost(), Taken(2, 0, version: 0)]));

    [Fact]
    public void A_gradient_that_comes_a_second_time_does_not_count() => Assert.Equal(
        new LagSummary(Mean: 0, Median: 0, Max: 0),
        LagSummary.Of([Session, Taken(1, 0, version: 0), Taken(1, 0, version: 0), Taken(1, 1, version: 1)]));

    [Fact]
    public void After_a_failure_of_the_head_versions_count_from_the_state_that_it_began_again_from() => Assert.Equal(
        new LagSummary(Mean: 0, Median: 0, Max: 0),
        LagSummary.Of([Session, Taken(1, 0, version: 0), Taken(1, 1, version: 1), new ReplayEntry.Back(2, new PolicySettings()), Taken(1, 1, version: 1)]));

    [Fact]
    public void Without_gradients_there_is_no_lag() => Assert.Null(LagSummary.Of([Session, new ReplayEntry.Lost()]));

    private static ReplayEntry.Taken Taken(int block, long step, long version) => new(new(block), step, version, Epoch: 1);
}
