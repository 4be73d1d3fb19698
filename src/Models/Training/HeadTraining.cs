using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Optimisers;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>
/// The head in training: what the blocks share, with its optimiser. A step takes the gradient of the head's own terms, which need labels
/// only, and that of one step of a block together, as Algorithm 1 does.
/// </summary>
internal sealed class HeadTraining : IHeadCompute
{
    /// <summary>Name of the head's snapshots.</summary>
    public const string Name = "head";

    private const string AppliedKey = "applied";

    private readonly SharedLayout layout;
    private readonly SharedParameters parameters;
    private readonly TrainingState state;
    private readonly Func<SharedTensors, Tensor, long, Tensor>? ownTerms;
    private readonly long[] applied;
    private SharedVersion? version;

    /// <summary>A head, initial or from a snapshot.</summary>
    /// <param name="layout">What is shared.</param>
    /// <param name="blocks">Number of blocks that share it.</param>
    /// <param name="createOptimiser">An optimiser for so many values.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    /// <param name="ownTerms">The head's own loss: of the shared tensors, labels int64 [batch], and the step. Null where it has none.</param>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public HeadTraining(SharedLayout layout, int blocks, Func<long, IOptimiser> createOptimiser, Snapshot? from, Func<SharedTensors, Tensor, long, Tensor>? ownTerms)
    {
        (this.layout, this.ownTerms) = (layout, ownTerms);
        parameters = new SharedParameters(layout, initial: from is null);
        state = new TrainingState(Name, parameters.Sets, createOptimiser, from);
        applied = new long[blocks];
        if (state.Notes.TryGetValue(AppliedKey, out string? counts))
        {
            applied = [.. counts.Split(' ').Select(count => long.Parse(count, CultureInfo.InvariantCulture))];
        }
    }

    public long Clock => state.Clock;

    public SharedVersion Shared
    {
        get
        {
            if (version?.Version != Clock)
            {
                using Tensor flat = parameters.Flat();
                version = new(Clock, ImmutableCollectionsMarshal.AsImmutableArray(flat.data<float>().ToArray()));
            }

            return version;
        }
    }

    public bool IsApplied(BlockId block, long step) => step < applied[block.Index];

    public float Step(Tensor labels, SharedGradient? gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        float loss = 0;
        Tensor? sum = gradient is null ? null : SharedTensors.Flatten(gradient.Values);
        if (ownTerms is not null)
        {
            Tensor leaf = parameters.Flat().requires_grad_(true);
            Tensor own = ownTerms(new SharedTensors(layout, leaf), labels, Clock);
            Tensor ownGradient = autograd.grad([own], [leaf])[0];
            sum = sum?.Plus(ownGradient) ?? ownGradient;
            loss = own.item<float>();
        }

        state.Step(sum ?? zeros(state.Count, ScalarType.Float32), gradient?.Block);
        if (gradient is not null)
        {
            applied[gradient.Block.Index] = gradient.Step + 1;
        }

        return loss;
    }

    public Snapshot Snapshot() => state.Snapshot(applied.All(count => count == 0)
        ? null
        : new Dictionary<string, string> { [AppliedKey] = string.Join(' ', applied.Select(count => count.ToString(CultureInfo.InvariantCulture))) });

    public void Dispose()
    {
        state.Dispose();
        parameters.Dispose();
    }
}
