using NoProp.Models.Checkpoints;
using NoProp.Models.Native;
using NoProp.Models.Stacks;

namespace NoProp.Models.Methods;

/// <summary>A training method: what its blocks and its head compute. Who computes what, when and where is not its business.</summary>
public interface IMethod
{
    /// <summary>
    /// Number of blocks that are trained apart: T in discrete time, 1 where one network is trained as a whole; R times as many where each has R
    /// replicas.
    /// </summary>
    int Blocks { get; }

    /// <summary>Replicas R of each block.</summary>
    int Replicas => 1;

    /// <summary>Size d of the label embedding.</summary>
    int EmbeddingSize { get; }

    /// <summary>Number of classes m.</summary>
    int Classes { get; }

    /// <summary>
    /// Whether blocks read what the head owns (label embedding, classifier, schedule) and move it: each of their steps then takes a version
    /// and gives a gradient.
    /// </summary>
    bool Coupled { get; }

    /// <summary>Steps that its one network makes at inference where nothing else is asked for; null where the number is part of the network.</summary>
    int? InferenceSteps => null;

    /// <summary>
    /// Weight of a block in a choice by weight: that of its error in the loss, SNR(t) - SNR(t-1) of (8) in discrete time; 1 where a method
    /// weighs no blocks.
    /// </summary>
    double SamplingWeight(BlockId block) => 1;

    /// <summary>The mini-batch that a block reads in a step: that of the step itself, unless replicas share the mini-batches.</summary>
    long BatchStep(BlockId block, long step) => step;

    /// <summary>A block to train, from a snapshot, or with initial weights where there is none.</summary>
    /// <param name="block">The block.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    /// <param name="device">Where it computes. Versions, gradients and snapshots are on the CPU, wherever it does; mini-batches there or on the CPU.</param>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default);

    /// <summary>Makes stacks, in which blocks are trained together on a device; null where this method's blocks cannot be.</summary>
    Func<ComputeDevice, IStackCompute>? Stacks => null;

    /// <summary>
    /// The head to train, from a snapshot, or with initial weights where there is none. It computes on the CPU: its steps are small, and what
    /// they take and give is there.
    /// </summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IHeadCompute CreateHead(Snapshot? from);

    /// <summary>A block at inference.</summary>
    /// <param name="block">The block.</param>
    /// <param name="from">Its state.</param>
    /// <param name="head">The head's state; needed where the method is <see cref="Coupled"/>.</param>
    /// <param name="device">Where it computes. Images, noise and answers are on the CPU, wherever it does.</param>
    /// <exception cref="NoPropException">A snapshot is damaged, of another network, or missing.</exception>
    IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default);

    /// <summary>The classifier that reads the chain's output.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IClassifierCompute CreateClassifier(Snapshot from);
}
