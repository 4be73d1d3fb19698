using NoProp.Actors.Protocol;
using NoProp.Host.Views;
using Xunit;

namespace NoProp.Host.Tests.Views;

public class TrainingProgressTests
{
    private readonly TrainingProgress progress = new(ProgressSamples.Blocks);

    [Fact]
    public void Before_the_start_nothing_is_known_of_the_time_to_go()
    {
        Assert.Null(progress.Read().Remaining);
    }

    [Fact]
    public void A_run_that_goes_on_shows_the_steps_of_earlier_sessions()
    {
        progress.Observe(ProgressSamples.Started with { Clocks = [7, 8, 9] });

        Assert.Equal([7, 8, 9], progress.Read().Blocks.Select(block => block.Clock));
    }

    [Fact]
    public void The_steps_of_earlier_sessions_do_not_count_as_speed()
    {
        progress.Observe(ProgressSamples.Started with { Clocks = [7, 8, 9] });

        Assert.Equal(0, progress.Read().StepsPerSecond);
    }

    [Fact]
    public void A_commit_moves_its_block()
    {
        progress.Observe(ProgressSamples.Started);
        progress.Observe(ProgressSamples.Trained(2, 0, 4));

        Assert.Equal([0, 4, 0], progress.Read().Blocks.Select(block => block.Clock));
    }

    [Fact]
    public void A_commit_shows_its_losses()
    {
        progress.Observe(ProgressSamples.Started);
        progress.Observe(ProgressSamples.Trained(2, 0, 4));

        Assert.Equal((1.25f, 0.5f), (progress.Read().Blocks[1].Loss, progress.Read().Blocks[1].SquaredError));
    }

    [Fact]
    public void The_speed_of_all_is_the_sum_of_the_speeds_of_the_blocks()
    {
        progress.Observe(ProgressSamples.Started);
        progress.Observe(ProgressSamples.Trained(1, 0, 8));
        progress.Observe(ProgressSamples.Trained(2, 0, 4));

        ProgressSnapshot now = progress.Read();

        Assert.Equal(now.StepsPerSecond, now.Blocks.Sum(block => block.StepsPerSecond), tolerance: 1e-6 * now.StepsPerSecond);
    }

    [Fact]
    public void The_target_is_that_of_all_blocks()
    {
        progress.Observe(ProgressSamples.Started);

        Assert.Equal(60, progress.Read().TotalTarget);
    }

    [Fact]
    public void The_slots_are_those_of_the_newest_count()
    {
        progress.Observe(new ThroughputMeasured(0, 0, new SlotCounts(2, 1, 0), TimeSpan.Zero));
        progress.Observe(new ThroughputMeasured(4, 4, new SlotCounts(2, 2, 1), TimeSpan.FromSeconds(1)));

        Assert.Equal(new SlotCounts(2, 2, 1), progress.Read().Slots);
    }

    [Fact]
    public void A_restart_is_told_without_its_stack_trace()
    {
        progress.Observe(new Restarted("block 2", "boom\n   at Somewhere()"));

        Assert.Equal(["block 2 begins again from its last state: boom"], progress.Read().Incidents);
    }

    [Fact]
    public void A_revoked_lease_is_told_with_the_reason()
    {
        progress.Observe(new LeaseRevoked(ProgressSamples.Lease, "silent for 60 s"));

        Assert.Equal(["lease on block 2 taken back: silent for 60 s"], progress.Read().Incidents);
    }

    [Fact]
    public void A_refused_commit_is_told_with_its_worker()
    {
        progress.Observe(new CommitRefused(ProgressSamples.Lease));

        Assert.Equal(["late commit of block 2 by local refused"], progress.Read().Incidents);
    }
}
