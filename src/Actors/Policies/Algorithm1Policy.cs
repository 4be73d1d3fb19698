using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>The paper's order (Algorithm 1): in each epoch block after block, one at a time, whatever the number of slots.</summary>
public sealed class Algorithm1Policy : IUpdatePolicy
{
    // A lease is also what a restarted block repeats, so an epoch is given out in pieces.
    private const int LongestVisit = 8;

    /// <inheritdoc/>
    public string Name => "algorithm1";

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        if (view.Leased.Contains(true) || view.MinClock >= view.Target)
        {
            return new PolicyDecision.Wait();
        }

        long epochEnd = Math.Min((view.MinClock / view.StepsPerEpoch + 1) * view.StepsPerEpoch, view.Target);
        BlockId block = BlockId.UpTo(view.Clocks.Length).First(block => view.Clocks[block.Index] < epochEnd);
        long from = view.Clocks[block.Index];
        return new PolicyDecision.Run(block, new StepRange(from, Math.Min(from + LongestVisit, epochEnd)));
    }
}
