using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Policies;
using NoProp.Actors.Training;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>What is said of where a block is.</summary>
public sealed class PlacementReportTests
{
    private readonly Scenario scenario = new("bounded:8", 2, 10, 1, [1], 0, 0, false, null, 1);

    [Theory]
    [InlineData("cuda:1", null, "cuda:1")]
    [InlineData("cuda:0, cuda:1", null, "")]
    [InlineData("cuda:0, cuda:1", "cuda:1", "cuda:1")]
    public void A_lease_is_on_the_device_that_its_holder_has_or_names(string devices, string? named, string expected) =>
        Assert.Equal(expected, Leased(devices, named).Device);

    [Fact]
    public void A_block_that_nobody_trains_is_on_no_device() =>
        Assert.Equal(["", ""], PlacementReport.Blocks(RunState.Begin(scenario.Goal)).Select(block => block.Device));

    private BlockStatus Leased(string devices, string? named)
    {
        (RunState state, _) = RunLogic.Decide(RunState.Begin(scenario.Goal), new RunInput.WorkerJoined("west", 1) { Devices = devices }, TimeSpan.Zero);
        if (named is not null)
        {
            (state, _) = RunLogic.Decide(state, new RunInput.Renewed(state.Leases.Single()) { Device = named }, TimeSpan.FromSeconds(1));
        }

        return PlacementReport.Blocks(state).Single(block => block.Worker is not null);
    }
}
