using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Training;

namespace NoProp.Actors.Simulation;

/// <summary>Steps of a head that has no weights.</summary>
internal sealed class CountedSteps : IHeadSteps
{
    public long Clock { get; private set; }

    public bool HasOwnTerms => true;

    public SharedVersion SharedFor(BlockId block) => new(Clock, []);

    public void KeepCopies(bool keep)
    {
    }

    public HeadStepResult Step(HeadStep step, long ownStep)
    {
        Clock++;
        return default;
    }

    public Snapshot Snapshot(IReadOnlyDictionary<string, string> notes, IReadOnlyDictionary<string, ImmutableArray<float>> more) =>
        throw new NotSupportedException("a simulated head has no state to save");

    public float MeanLoss() => 0;

    public void Dispose()
    {
    }
}

/// <summary>The head of a simulated run whose blocks share what they move: the real one's accounts and decisions, without numbers.</summary>
internal sealed class SimulatedHead(int blocks, ulong seed, PolicySet policies, int replicas)
{
    private readonly SharedServer server = new(new CountedSteps(), HeadBook.Read(null, blocks), blocks, seed, policies, replicas);
    private readonly List<SimulatedLease> waiting = [];
    private readonly long[] taken = new long[blocks];
    private readonly long[] fences = new long[blocks];

    /// <summary>Steps of blocks that have had their effect.</summary>
    public long BlockSteps => server.BlockSteps;

    /// <summary>Versions between each gradient's and the one that it met.</summary>
    public Counter Lags { get; } = new();

    /// <summary>Steps of each block that have had their effect, once and in order.</summary>
    public IReadOnlyList<long> Taken => taken;

    /// <summary>A block asks for the newest version; not heard where another one has the lease by now.</summary>
    public void Ask(SimulatedLease lease)
    {
        int block = lease.Lease.Block.Index;
        if (lease.Lease.Epoch.Value >= fences[block])
        {
            fences[block] = lease.Lease.Epoch.Value;
            waiting.RemoveAll(other => other.Lease.Block == lease.Lease.Block);
            waiting.Add(lease);
        }
    }

    /// <summary>Blocks that may go on, each with its version and how many steps it may make with it.</summary>
    public IEnumerable<(SimulatedLease Lease, long Version, int Steps)> Answers()
    {
        for (int i = 0; i < waiting.Count; i++)
        {
            SimulatedLease lease = waiting[i];
            int steps = server.StepsAllowed(lease.Lease.Block, server.Policies.Settings.Refresh);
            if (steps > 0)
            {
                waiting.RemoveAt(i--);
                yield return (lease, server.Begin(lease.Lease, lease.NextStep, steps, exact: false).Version, steps);
            }
        }
    }

    /// <summary>A gradient arrives.</summary>
    /// <returns>What is wrong with what became of it; null where nothing is.</returns>
    public string? Take(SimulatedLease lease, long step, long version)
    {
        if (server.Take(lease.Lease, new SharedGradient(lease.Lease.Block, step, version, []), exact: false) is not { } update)
        {
            return null;
        }

        int block = update.Block.Index;
        Lags.Add(update.Lag);
        if (update.Fate == UpdateFate.Repeated)
        {
            return step < taken[block] ? null : $"step {step} of {update.Block} was taken for a repetition, and is none";
        }

        if (step != taken[block]++)
        {
            return $"step {step} of {update.Block} had its effect after {taken[block] - 1} steps of it";
        }

        LagBound bound = server.Policies.EmbeddingLag;
        return bound.Max is { } max && update.Lag > max && (bound.Waits || update.Fate != UpdateFate.Rejected)
            ? $"step {step} of {update.Block} was {update.Fate} with a lag of {update.Lag} under {bound}"
            : null;
    }

    /// <summary>A lease is over, or void.</summary>
    public void Release(Lease lease)
    {
        fences[lease.Block.Index] = Math.Max(fences[lease.Block.Index], lease.Epoch.Value + 1);
        waiting.RemoveAll(other => other.Lease == lease);
        server.Release(lease);
    }

    /// <summary>Other policies hold.</summary>
    public void Switch(PolicySet policies) => server.Switch(policies);
}
