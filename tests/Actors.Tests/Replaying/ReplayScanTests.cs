using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Replaying;

/// <summary>A log whose records are whole and can still not be those of a run.</summary>
public sealed class ReplayScanTests
{
    private static readonly ReplayEntry Session = new ReplayEntry.Session(new PolicySettings());

    public static TheoryData<ReplayEntry[], string> Wrong => new()
    {
        { [Taken(1, 0)], "record 0 (Taken { Block = block 1, Step = 0, Version = 0, Epoch = 1 }) comes before any session has begun" },
        { [Session, Taken(0, 0)], "record 1 (Taken { Block = block 0, Step = 0, Version = 0, Epoch = 1 }) is of block 0, and the run has 2" },
        { [Session, Taken(1, 0), Taken(3, 0)], "record 2 (Taken { Block = block 3, Step = 0, Version = 0, Epoch = 1 }) is of block 3, and the run has 2" },
        { [Session, Taken(2, 0), Taken(2, 2)], "record 2 (Taken { Block = block 2, Step = 2, Version = 0, Epoch = 1 }) is step 2 of block 2, which has made 1" },
        {
            [Session, new ReplayEntry.Unheard(new(2), 1, 0, 1)],
            "record 1 (Unheard { Block = block 2, Step = 1, Version = 0, Epoch = 1 }) is step 1 of block 2, which has made 0"
        },
        { [Session, new ReplayEntry.Back(2, new PolicySettings())], "goes back to record 2, which is still to come" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void The_record_that_cannot_be_right_is_named(ReplayEntry[] entries, string words) => Assert.Contains(
        words, Assert.Throws<NoPropException>(() => new ReplayScan([.. entries], blocks: 2)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_block_comes_back_to_a_step_that_it_makes_again()
    {
        ReplayScan scan = new([Session, Taken(1, 0), Taken(1, 1), Taken(1, 1)], blocks: 1);

        Assert.Equal([false, true], new long[] { 0, 1 }.Select(step => scan.ReturnsTo(new(1), step)));
    }

    [Fact]
    public void A_version_is_used_by_the_blocks_of_its_segment_alone()
    {
        ReplayScan scan = new([Session, Taken(1, 0), new ReplayEntry.Switch(1, new PolicySettings()), Taken(2, 0)], blocks: 2);

        Assert.Equal([1, 2], new int[] { 1, 2 }.Select(segment => Assert.Single(scan.Users(segment, version: 0)).Value));
    }

    private static ReplayEntry.Taken Taken(int block, long step) => new(new(block), step, Version: 0, Epoch: 1);
}
