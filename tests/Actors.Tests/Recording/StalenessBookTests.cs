using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

public sealed class StalenessBookTests
{
    private static readonly Gen<UpdateTaken[]> Updates = Gen.Select(
        Gen.Int[1, 5], Gen.Long[0, 5000], Gen.Enum<UpdateFate>(), Gen.Float[0, 10],
        (block, lag, fate, move) => new UpdateTaken(new BlockId(block), 0, 0, lag, fate, move)).Array[1, 100];

    [Fact]
    public void Every_gradient_is_in_one_bucket_and_has_one_fate() => Updates.Sample(updates =>
    {
        StalenessBook book = Of(updates);
        return book.Blocks.All(pair =>
        {
            int count = updates.Count(update => update.Block.Value == pair.Key);
            return pair.Value.Lag.Counts.Sum() == count && Enum.GetValues<UpdateFate>().Sum(pair.Value.Fate) == count;
        });
    });

    [Fact]
    public void The_shares_of_the_movement_of_W_sum_to_one() => Updates.Where(updates => updates.Sum(update => update.EmbeddingMove) > 0).Sample(updates =>
    {
        StalenessBook book = Of(updates);
        return Math.Abs(book.Blocks.Keys.Sum(block => book.ShareOfMovement(block)!.Value) - 1) < 1e-9;
    });

    [Fact]
    public void Where_W_does_not_move_nobody_has_a_share() =>
        Assert.Null(Of([new UpdateTaken(new BlockId(1), 0, 0, 3, UpdateFate.Applied, 0)]).ShareOfMovement(1));

    [Fact]
    public void The_times_of_the_workers_sum_to_those_of_the_blocks()
    {
        StalenessBook book = new();
        book.Add(Trained(1, "a"));
        book.Add(Trained(2, "b"));
        book.Add(Trained(2, "a"));

        Assert.Equal(
            book.Blocks.Values.Aggregate(default(WaitTimes), (sum, block) => sum + block.Time.Waited),
            book.Workers.Values.Aggregate(default(WaitTimes), (sum, worker) => sum + worker.Waited));
    }

    [Fact]
    public void A_lead_is_counted_once_a_commit()
    {
        StalenessBook book = new();
        book.Add(Trained(1, "a"));
        book.Add(Trained(1, "a"));

        Assert.Equal((2L, 5L, 8L), (book.Blocks[1].Lead.Count, book.Blocks[1].Lead.Max, book.Blocks[1].Time.Steps));
    }

    private static StalenessBook Of(UpdateTaken[] updates)
    {
        StalenessBook book = new();
        book.Add(new UpdatesTaken([.. updates]));
        return book;
    }

    private static StepsTrained Trained(int block, string worker) => new(new BlockId(block), new StepRange(0, 4), 1, 1, Lead: 5, TimeSpan.FromSeconds(2), worker)
    {
        Waited = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7)),
    };
}
