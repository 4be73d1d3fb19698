using System.Buffers;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Policies;

/// <summary>How likely <see cref="SampledPolicy"/> is to choose a block.</summary>
public enum SampledWeight
{
    /// <summary>p(t) = 1 / T, as in t ~ U{1..T} of (8).</summary>
    Uniform,

    /// <summary>p(t) proportional to SNR(t) - SNR(t-1), the weight of block t's error in (8); uniform where a method has no such weights.</summary>
    Snr,

    /// <summary>p(t) proportional to the steps that block t has left, so that blocks which are behind catch up.</summary>
    Progress,
}

/// <summary>
/// A random block for one step, or for one visit where the settings give its length, among the blocks that nobody trains and that have steps
/// left; so every block ends with the same number of steps, whatever the weights. The probabilities of <see cref="SampledWeight"/> are
/// normalised over those blocks. The paper's (8) is an expectation over t ~ U{1..T}.
/// </summary>
/// <param name="weight">How likely a block is.</param>
public sealed class SampledPolicy(SampledWeight weight = SampledWeight.Uniform) : IUpdatePolicy
{
    /// <inheritdoc/>
    public string Name { get; } = weight == SampledWeight.Uniform ? "sampled" : $"sampled:{weight.ToString().ToLowerInvariant()}";

    /// <inheritdoc/>
    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        // The free blocks first, then the choice among them.
        int[] free = ArrayPool<int>.Shared.Rent(view.Clocks.Length);
        try
        {
            int count = Collect(view, free);
            if (count == 0)
            {
                return new PolicyDecision.Wait(view.OffersAll);
            }

            int chosen = Choose(view, free.AsSpan(0, count));
            long from = view.Clocks[chosen];
            return new PolicyDecision.Run(view.Block(chosen), new StepRange(from, Math.Min(from + (request.Visit ?? 1), view.Target)));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(free);
        }
    }

    private static int Collect(PolicyView view, Span<int> free)
    {
        int count = 0;
        ReadOnlySpan<long> clocks = view.Clocks.AsSpan();
        ReadOnlySpan<bool> leased = view.Leased.AsSpan();
        foreach (int i in view.Offers)
        {
            if (!leased[i] && clocks[i] < view.Target)
            {
                free[count++] = i;
            }
        }

        return count;
    }

    private int Choose(PolicyView view, ReadOnlySpan<int> free)
    {
        NoiseKey key = new(view.Seed, NoiseStream.Policy, 0, view.Grants);
        bool snr = weight == SampledWeight.Snr && !view.Weights.IsDefaultOrEmpty;
        double total = 0;
        if (snr || weight == SampledWeight.Progress)
        {
            foreach (int i in free)
            {
                total += Weight(i);
            }
        }

        if (total <= 0)
        {
            return free[Noise.Choice(key, free.Length)];
        }

        // The first block at which the running sum passes the mark; rounding can leave a mark at the very end of the sum.
        double mark = Noise.Fraction(key) * total;
        int last = free[^1];
        foreach (int i in free)
        {
            double mine = Weight(i);
            if (mark < mine)
            {
                return i;
            }

            mark -= mine;
            last = mine > 0 ? i : last;
        }

        return last;

        double Weight(int index) => snr ? view.Weights[index] : view.Target - view.Clocks[index];
    }
}
