using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>What a run is to reach, and by which rules.</summary>
/// <param name="Blocks">Number of blocks T; of all their replicas, where they have such.</param>
/// <param name="StepsPerEpoch">Mini-batches in one pass over the data; those of one replica.</param>
/// <param name="Epochs">Passes over the data.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Policies">One policy for each thing that blocks share.</param>
/// <param name="LeaseTimeout">How long a lease may go without a sign of life.</param>
public sealed record RunGoal(int Blocks, int StepsPerEpoch, int Epochs, ulong Seed, PolicySet Policies, TimeSpan LeaseTimeout)
{
    /// <summary>Where policies that are chosen during the run are found by name.</summary>
    public PolicyCatalog Catalog { get; init; } = PolicyCatalog.BuiltIn;

    /// <summary>Weight of each block in a weighted choice, by <see cref="BlockId.Index"/>; empty where all weigh the same.</summary>
    public ImmutableArray<double> Weights { get; init; } = [];

    /// <summary>Whether blocks read what the head owns, and move it.</summary>
    public bool Coupled { get; init; }

    /// <summary>Replicas of each block: <see cref="Blocks"/> counts all of them.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Whether each step must find the shared parameters exactly as the step before left them.</summary>
    public bool Sequential => Coupled && Policies.Blocks.IsSequential;

    /// <summary>Steps that each block makes.</summary>
    public long Target => (long)StepsPerEpoch * Epochs;

    /// <summary>The block, or replica of one, at an index.</summary>
    public BlockId Block(int index) => new(index + 1) { Replicas = Replicas };
}
