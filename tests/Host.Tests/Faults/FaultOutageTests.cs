using NoProp.Actors.Faults;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Host.Faults;
using NoProp.Models;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary>When what a fault struck is at work again.</summary>
public sealed class FaultOutageTests
{
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_killed_worker_is_made_up_for_when_each_of_its_blocks_has_a_lease_again()
    {
        FaultOutage outage = Struck(FaultKind.Kill, "worker-1");
        outage.Holds([Status(1, "worker-1"), Status(2, "worker-2"), Status(3, "worker-1")]);
        outage.Observe(Revoked(1, "worker-1"), At(0.2));
        outage.Observe(Revoked(3, "worker-1"), At(0.2));
        outage.Observe([Status(1, "worker-2"), Status(2, null), Status(3, null)], At(0.5));
        Assert.False(outage.IsOver);
        outage.Observe([Status(1, null), Status(2, null), Status(3, "worker-2")], At(0.75));

        Assert.Equal((0.2, 0.75), (outage.Noticed?.TotalSeconds, outage.Recovered?.TotalSeconds));
    }

    [Fact]
    public void A_commit_of_a_lost_block_shows_that_it_is_at_work_again()
    {
        FaultOutage outage = Struck(FaultKind.Kill, "worker-1");
        outage.Observe(Revoked(2, "worker-1"), At(0.2));
        outage.Observe(Trained(2, "worker-2"), At(0.9));

        Assert.Equal(0.9, outage.Recovered?.TotalSeconds);
    }

    [Fact]
    public void A_commit_that_a_killed_worker_had_sent_is_no_recovery()
    {
        FaultOutage outage = Struck(FaultKind.Kill, "worker-1");
        outage.Holds([Status(1, "worker-1")]);
        outage.Observe(Trained(1, "worker-1"), At(0.1));

        Assert.False(outage.IsOver);
    }

    [Fact]
    public void A_stopped_worker_that_goes_on_before_anybody_notices_recovers_with_its_own_commit()
    {
        FaultOutage outage = Struck(FaultKind.Stop, "worker-1");
        outage.Holds([Status(1, "worker-1")]);
        outage.Observe(Trained(1, "worker-1"), At(0.1));
        outage.IsLifted = true;
        outage.Observe(Trained(1, "worker-1"), At(1.1));

        Assert.Equal((null, 1.1), (outage.Noticed, outage.Recovered?.TotalSeconds));
    }

    [Fact]
    public void A_worker_that_held_nothing_is_not_waited_for()
    {
        FaultOutage outage = Struck(FaultKind.Kill, "worker-1");
        outage.Holds([Status(1, "worker-2")]);
        outage.IsLifted = true;
        outage.Observe([Status(1, "worker-2")], At(0.1));
        Assert.False(outage.IsOver);
        outage.Observe([Status(1, "worker-2")], At(13));

        Assert.True(outage.IsOver);
        Assert.Null(outage.Recovered);
    }

    [Fact]
    public void A_later_fault_of_the_same_worker_is_not_noticed_for_an_earlier_one()
    {
        FaultOutage outage = Struck(FaultKind.Stop, "worker-1");
        outage.Close(At(1));
        outage.Observe(Revoked(1, "worker-1"), At(7));

        Assert.Null(outage.Noticed);
    }

    [Fact]
    public void A_killed_trainer_is_made_up_for_by_the_first_step_after_another_one_has_begun()
    {
        FaultOutage outage = Struck(FaultKind.Kill, "trainer-1");
        outage.Observe(Trained(1, "worker-1"), At(0.1));
        outage.Observe(new RunStarted([3, 3, 3], 100, 10, 10, 1), At(8));
        outage.Observe(Trained(1, "worker-1"), At(9));

        Assert.Equal(9, outage.Recovered?.TotalSeconds);
    }

    private static FaultOutage Struck(FaultKind kind, string node) =>
        new(new(new(1, kind, new(FaultUnit.Steps, 5, 1), [node], null, 1, null), 1, 5, null, [node]), step: 5, Begin, executed: 7) { Names = [node] };

    private static TimeSpan At(double seconds) => Begin + TimeSpan.FromSeconds(seconds);

    private static Lease Lease(int block, string worker) => new(new BlockId(block), new LeaseEpoch(1), new StepRange(4, 8), worker);

    private static BlockStatus Status(int block, string? worker) => new($"block {block}", 4, 0, worker, worker, "", "");

    private static LeaseRevoked Revoked(int block, string worker) => new(Lease(block, worker), "gone");

    private static StepsTrained Trained(int block, string worker) => new(new BlockId(block), new StepRange(4, 8), 0, 0, 0, TimeSpan.Zero, worker);
}
