using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Host.Faults;
using NoProp.Models;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary>Counting steps by the events of a run.</summary>
public sealed class FaultLedgerTests
{
    [Fact]
    public void Commits_that_follow_each_other_are_neither_lost_nor_made_twice() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 9]).Array[0, 40].Sample(commits =>
    {
        FaultLedger ledger = Started(0, 0, 0);
        long[] clocks = [0, 0, 0];
        foreach ((int block, int steps) in commits)
        {
            ledger.Observe(Trained(block, clocks[block - 1], clocks[block - 1] += steps));
        }

        return ledger.Committed == clocks.Sum() && (ledger.Lost, ledger.Twice, ledger.RolledBack) == (0, 0, 0);
    });

    [Fact]
    public void A_step_that_no_commit_had_is_lost()
    {
        FaultLedger ledger = Started(10, 10, 10);
        ledger.Observe(Trained(2, 13, 15));

        Assert.Equal((3, 0), (ledger.Lost, ledger.Twice));
    }

    [Fact]
    public void A_step_that_two_commits_had_is_made_twice()
    {
        FaultLedger ledger = Started(10, 10, 10);
        ledger.Observe(Trained(2, 10, 15));
        ledger.Observe(Trained(2, 13, 16));

        Assert.Equal((0, 2), (ledger.Lost, ledger.Twice));
    }

    [Fact]
    public void Steps_since_the_checkpoint_from_which_a_new_trainer_goes_on_are_rolled_back()
    {
        FaultLedger ledger = Started(0, 0, 0);
        ledger.Observe(Trained(1, 0, 8));
        ledger.Observe(Trained(2, 0, 4));
        ledger.Observe(new RunStarted([4, 4, 0], 100, 10, 10, 1));

        Assert.Equal((4, 8, 2), (ledger.RolledBack, ledger.Committed, ledger.Starts));
    }

    private static FaultLedger Started(params long[] clocks)
    {
        FaultLedger ledger = new();
        ledger.Observe(new RunStarted([.. clocks], 100, 10, 10, 1));
        return ledger;
    }

    private static StepsTrained Trained(int block, long from, long to) => new(new BlockId(block), new StepRange(from, to), 0, 0, 0, TimeSpan.Zero, "worker-1");
}
