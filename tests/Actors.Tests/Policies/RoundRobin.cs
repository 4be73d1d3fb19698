using NoProp.Actors.Policies;
using NoProp.Models;

namespace My.Policies;

/// <summary>Each block makes n steps in its turn; a round begins when all have finished the one before, so no block leads by more than n.</summary>
public sealed class RoundRobin(string argument) : IUpdatePolicy
{
    private readonly int visit = int.TryParse(argument, out int n) && n > 0 ? n : throw new NoPropException($"'{argument}' is no number of steps");

    public string Name => $"round-robin:{visit}";

    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        long endOfRound = Math.Min((view.MinClock / visit + 1) * visit, view.Target);
        foreach (BlockId block in view.Free)
        {
            long from = view.Clocks[block.Index];
            if (from < endOfRound)
            {
                return new PolicyDecision.Run(block, new StepRange(from, endOfRound));
            }
        }

        return new PolicyDecision.Wait();
    }
}
