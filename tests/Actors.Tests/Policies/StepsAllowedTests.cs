using CsCheck;
using NoProp.Actors.Policies;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>How many steps a block may train with one version of what blocks share.</summary>
public sealed class StepsAllowedTests
{
    [Fact]
    public void Without_a_bound_a_block_gets_what_it_asks_for() =>
        Assert.Equal(7, SharedLogic.StepsAllowed(Bound("none"), 100, [new PinnedVersion(3, 9)], asked: 7, blocks: 10));

    [Fact]
    public void Alone_a_block_may_always_begin() => Assert.Equal(1, SharedLogic.StepsAllowed(Bound("wait:0"), 100, [], asked: 7, blocks: 10));

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(10, 1)]
    public void Alone_a_block_gets_its_share_of_the_lag_that_steps_make_themselves(int blocks, int steps) =>
        Assert.Equal(steps, SharedLogic.StepsAllowed(Bound("wait:3"), 100, [], asked: 7, blocks));

    [Fact]
    public void A_block_waits_for_one_that_it_would_make_stale() =>
        Assert.Equal(0, SharedLogic.StepsAllowed(Bound("wait:3"), 100, [new PinnedVersion(97, 1)], asked: 1, blocks: 10));

    [Fact]
    public void A_bound_that_rejects_lets_everybody_begin() =>
        Assert.Equal(1, SharedLogic.StepsAllowed(Bound("reject:0"), 100, [new PinnedVersion(3, 1)], asked: 1, blocks: 10));

    [Fact]
    public void Whatever_blocks_do_no_gradient_comes_to_a_lag_above_the_bound() => Gen.Select(
        Gen.Long[0, 40],
        Gen.Int[1, 12],
        Gen.Int[1, 9],
        Gen.Int[0, 2].Select(i => new[] { "with-block", "free-running:1", "free-running:15" }[i]),
        Gen.Int[0, 1_000_000]).Sample(
            (max, blocks, asked, head, seed) => Assert.InRange(LargestLag(Bound($"wait:{max}", head), blocks, asked, new Random(seed)), 0, max),
            iter: 300);

    /// <summary>Blocks begin and send gradients in a random order; each gradient moves the version as the head would.</summary>
    private static long LargestLag(PolicySet policies, int blocks, int asked, Random random)
    {
        Dictionary<int, PinnedVersion> pins = [];
        (long version, long taken, long largest) = (0, 0, 0);
        for (int i = 0; i < 400; i++)
        {
            int block = random.Next(blocks);
            if (!pins.TryGetValue(block, out PinnedVersion pin))
            {
                int steps = SharedLogic.StepsAllowed(policies, version, pins.Values, asked, blocks);
                if (steps > 0)
                {
                    pins[block] = new(version, steps);
                }

                continue;
            }

            largest = Math.Max(largest, version - pin.Version);
            version += 1 + (policies.Head.PerBatch is null ? 0 : policies.Head.OwnSteps(taken + 1, blocks) - policies.Head.OwnSteps(taken, blocks));
            taken++;
            if (pin.StepsLeft > 1)
            {
                pins[block] = pin with { StepsLeft = pin.StepsLeft - 1 };
            }
            else
            {
                pins.Remove(block);
            }
        }

        return largest;
    }

    private static PolicySet Bound(string lag, string head = "with-block") => PolicyCatalog.BuiltIn.Parse(new PolicySettings { EmbeddingLag = lag, Head = head });
}
