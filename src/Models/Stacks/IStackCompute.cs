using System.Collections.Immutable;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Models.Stacks;

/// <summary>A step of one block of a stack.</summary>
/// <param name="Block">The block.</param>
/// <param name="Batch">The mini-batch of its step. Two that are of the same step are the same mini-batch.</param>
public readonly record struct StackStep(BlockId Block, Batch Batch);

/// <summary>The arithmetic of several blocks in training on one device. Not thread-safe: one caller at a time.</summary>
public interface IStackCompute : IDisposable
{
    /// <summary>Steps that a block has trained; null where it is not in the stack.</summary>
    long? Clock(BlockId block);

    /// <summary>Takes a block in; where it is in the stack already, this state takes the place of the one that it has.</summary>
    /// <param name="block">The block.</param>
    /// <param name="from">Where to go on, as a block alone has it; null to begin.</param>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    void Join(BlockId block, Snapshot? from);

    /// <summary>Frees a block's memory. One that is not in the stack is no error.</summary>
    void Leave(BlockId block);

    /// <summary>Trains one step of each of some blocks. After an exception the state of these blocks is not to be used any more.</summary>
    /// <param name="steps">Each block once, with the mini-batch of the step that it is at.</param>
    /// <exception cref="InvalidOperationException">A block is not in the stack, comes twice, or is at another step.</exception>
    void Step(IReadOnlyList<StackStep> steps);

    /// <summary>Losses of a block's steps since this was last asked for, in one transfer. The device is waited for here, and not in a step.</summary>
    /// <exception cref="InvalidOperationException">The block is not in the stack.</exception>
    ImmutableArray<StepLoss> ReadLosses(BlockId block);

    /// <summary>The complete state of a block, in the form in which a block alone has it.</summary>
    /// <exception cref="InvalidOperationException">The block is not in the stack.</exception>
    Snapshot Snapshot(BlockId block);
}
