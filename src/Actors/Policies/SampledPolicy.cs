using NoProp.Models;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Policies;

/// <summary>
/// A uniformly random block for one step, t ~ U{1..T} as in (8), among the blocks that have steps left; so every block ends with the same
/// number of steps.
/// </summary>
public sealed class SampledPolicy : IUpdatePolicy
{
    /// <inheritdoc/>
    public string Name => "sampled";

    /// <inheritdoc/>
    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        BlockId[] free = [.. view.Free];
        if (free.Length == 0)
        {
            return new PolicyDecision.Wait();
        }

        BlockId block = free[Noise.Choice(new NoiseKey(view.Seed, NoiseStream.Policy, 0, view.Grants), free.Length)];
        long from = view.Clocks[block.Index];
        return new PolicyDecision.Run(block, new StepRange(from, from + 1));
    }
}
