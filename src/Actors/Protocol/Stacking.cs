using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Protocol;

// Blocks and the stack that does their arithmetic. Both are in one process, always.

/// <summary>A block's part in its stack under one lease, from joining to leaving: each is another one, even under the same lease after a restart.</summary>
public sealed class Seat(BlockId block)
{
    /// <summary>The block.</summary>
    public BlockId Block => block;
}

/// <summary>Block to stack: the sender takes part, and no step is made without it, until it leaves.</summary>
/// <param name="Seat">Its part.</param>
/// <param name="From">The step that it is at.</param>
/// <param name="State">Its state there; null where its first step is still to be made.</param>
/// <param name="Moved">Whether the state is another one than what the block has left in the stack, though of the same step.</param>
public sealed record JoinStack(Seat Seat, long From, Snapshot? State, bool Moved);

/// <summary>Block to stack: the sender's next step.</summary>
/// <param name="Seat">Its part.</param>
/// <param name="Batch">The mini-batch; the stack disposes of it.</param>
public sealed record StepInStack(Seat Seat, Batch Batch);

/// <summary>Stack to block: the step is made.</summary>
/// <param name="Seat">Its part.</param>
/// <param name="ComputeTime">Time that the arithmetic took, of all blocks that made the step together.</param>
public sealed record SteppedInStack(Seat Seat, TimeSpan ComputeTime);

/// <summary>Block to stack: the sender makes no more steps for now; its state stays, for the next time.</summary>
public sealed record LeaveStack(Seat Seat);

/// <summary>Stack to block: what the sender's part has come to.</summary>
/// <param name="Seat">The part.</param>
/// <param name="Losses">One for each step since the block has joined.</param>
/// <param name="State">The block after the last of them.</param>
public sealed record LeftStack(Seat Seat, ImmutableArray<StepLoss> Losses, Snapshot State);

/// <summary>Block to stack: what the sender has there is void.</summary>
public sealed record QuitStack(Seat Seat);

/// <summary>Stack to block: its part has failed, and its state in the stack is lost.</summary>
/// <param name="Seat">The part.</param>
/// <param name="Cause">Why.</param>
public sealed record StackFailed(Seat Seat, Exception Cause);
