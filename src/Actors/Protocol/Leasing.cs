using System.Collections.Immutable;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;

namespace NoProp.Actors.Protocol;

// Trainer, workers and blocks: who trains what.

/// <summary>Worker to trainer: I have this many slots. The sender is told of leases.</summary>
public sealed record RegisterWorker(string Name, int Slots)
{
    /// <summary>The devices that they are on, for people.</summary>
    public string Devices { get; init; } = "cpu";
}

/// <summary>Trainer to worker, worker to block: train this.</summary>
/// <param name="Lease">Block and steps.</param>
/// <param name="State">The block's newest state; null where its first step is still to be made.</param>
/// <param name="Shared">Where the shared parameters are; null where blocks read none.</param>
/// <param name="Moved">Whether the state is another one than the last holder's, though of the same step: it came from a meeting of replicas.</param>
public sealed record GrantLease(Lease Lease, Snapshot? State, SharedSource? Shared = null, bool Moved = false)
{
    /// <summary>An older state, of this block or of another one, that nobody reads any more: its memory may take the next one. Null where there is none.</summary>
    public Snapshot? Spare { get; init; }
}

/// <summary>Trainer to worker, worker to block: stop after the present step, and commit what is done.</summary>
public sealed record TruncateLease(Lease Lease);

/// <summary>Trainer to worker: the lease is void. Whatever is still committed under it will be refused.</summary>
public sealed record RevokeLease(Lease Lease);

/// <summary>Block to worker to trainer: still at it.</summary>
public sealed record LeaseRenewed(Lease Lease)
{
    /// <summary>Where the worker trains the block, from a worker with several devices as it begins with the lease; null where nothing is new.</summary>
    public string? Device { get; init; }
}

/// <summary>Block to worker to trainer: these steps are done.</summary>
/// <param name="Lease">The lease under which they were trained.</param>
/// <param name="Losses">One for each step, from the lease's first.</param>
/// <param name="ComputeTime">Time that the arithmetic took.</param>
/// <param name="State">The block after the last of them.</param>
public sealed record StepsCommitted(Lease Lease, ImmutableArray<StepLoss> Losses, TimeSpan ComputeTime, Snapshot State)
{
    /// <summary>The step after the last one trained.</summary>
    public long To => Lease.Steps.From + Losses.Length;

    /// <summary>Time that the block has waited under the lease.</summary>
    public WaitTimes Waited { get; init; }
}

/// <summary>Block to worker to trainer: a step failed, and the block begins again from its last committed state.</summary>
public sealed record BlockRestarted(BlockId Block, string Cause);

/// <summary>Worker to trainer: a block failed too often.</summary>
public sealed record BlockGaveUp(BlockId Block, string Cause);

/// <summary>A training step failed.</summary>
public sealed class BlockStepException(BlockId block, long step, Exception inner)
    : Exception($"{block} failed at step {step}: {inner.Message.Split('\n')[0].Trim()}", inner)
{
    /// <summary>The block.</summary>
    public BlockId Block { get; } = block;

    /// <summary>The failure of a step whose loss is no finite number; null where it is one.</summary>
    /// <remarks>Weights that are not numbers never become numbers again: every later step would be spent for nothing.</remarks>
    public static BlockStepException? ForLoss(BlockId block, long step, StepLoss loss) => float.IsFinite(loss.Loss)
        ? null
        : new(block, step, new NoPropException($"the loss is {loss.Loss}, not a finite number; lower noprop.optimizer.learning-rate"));
}
