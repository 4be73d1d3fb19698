using System.Collections.Immutable;
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
        ImmutableArray<int> offers = view.Offers;
        int count = 0;
        double total = 0;
        foreach (int i in offers)
        {
            if (view.IsFree(i))
            {
                count++;
                total += WeightOf(view, i);
            }
        }

        if (count == 0)
        {
            return new PolicyDecision.Wait(view.OffersAll);
        }

        NoiseKey key = new(view.Seed, NoiseStream.Policy, 0, view.Grants);
        int chosen = weight == SampledWeight.Uniform || total <= 0 ? Nth(view, offers, Noise.Choice(key, count)) : At(view, offers, Noise.Fraction(key) * total);
        long from = view.Clocks[chosen];
        return new PolicyDecision.Run(view.Block(chosen), new StepRange(from, Math.Min(from + (request.Visit ?? 1), view.Target)));
    }

    private double WeightOf(PolicyView view, int index) => weight switch
    {
        SampledWeight.Snr => view.Weights.IsDefaultOrEmpty ? 1 : view.Weights[index],
        SampledWeight.Progress => view.Target - view.Clocks[index],
        _ => 1,
    };

    private static int Nth(PolicyView view, ImmutableArray<int> offers, int n)
    {
        foreach (int i in offers)
        {
            if (view.IsFree(i) && n-- == 0)
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(n));
    }

    // The first free block at which the running sum of weights passes the mark.
    private int At(PolicyView view, ImmutableArray<int> offers, double mark)
    {
        int last = -1;
        foreach (int i in offers)
        {
            if (!view.IsFree(i) || WeightOf(view, i) is not (> 0 and double mine))
            {
                continue;
            }

            last = i;
            if (mark < mine)
            {
                return i;
            }

            mark -= mine;
        }

        // Rounding can leave a mark at the very end of the sum.
        return last;
    }
}
