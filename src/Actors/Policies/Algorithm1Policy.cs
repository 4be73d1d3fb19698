namespace NoProp.Actors.Policies;

/// <summary>The paper's order (Algorithm 1): in each epoch block after block, one at a time, whatever the number of slots.</summary>
public sealed class Algorithm1Policy : IUpdatePolicy
{
    // A lease is also what a restarted block repeats, so an epoch is given out in pieces.
    private const int UsualVisit = 8;

    /// <inheritdoc/>
    public string Name => "algorithm1";

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        if (view.Leased.Contains(true) || view.MinClock >= view.Target)
        {
            return new PolicyDecision.Wait(ForAll: true);
        }

        long epochEnd = Math.Min((view.MinClock / view.StepsPerEpoch + 1) * view.StepsPerEpoch, view.Target);
        int next = 0;
        while (view.Clocks[next] >= epochEnd)
        {
            next++;
        }

        if (!view.OffersAll && !view.Offers.Contains(next))
        {
            return new PolicyDecision.Wait();
        }

        long from = view.Clocks[next];
        return new PolicyDecision.Run(view.Block(next), new StepRange(from, Math.Min(from + (request.Visit ?? UsualVisit), epochEnd)));
    }
}
