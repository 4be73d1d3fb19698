using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Training;

namespace NoProp.Actors.Protocol;

// Blocks and the head, where blocks read what it owns. Every message carries the lease it is sent under, and so its fence.

/// <summary>Where the holder of a lease gets the shared parameters.</summary>
/// <param name="Head">The head.</param>
/// <param name="Taken">
/// Steps of all blocks that the lease's first step finds taken in, each later step one more: nobody else moves the parameters meanwhile, as in
/// Algorithm 1. Null for whatever is the newest.
/// </param>
/// <param name="Refresh">Steps that are trained with one version before a newer one is asked for.</param>
public sealed record SharedSource(IActorRef Head, long? Taken, int Refresh = 1);

/// <summary>Block to head: which are the shared parameters?</summary>
/// <param name="Lease">The asker's lease.</param>
/// <param name="Step">The step that will use them.</param>
/// <param name="Taken">How many steps of all blocks they hold, no more and no fewer, waited for where these are still to come; null for the newest.</param>
/// <param name="Steps">Steps that the asker would train with them, this one and those that follow.</param>
public sealed record RequestShared(Lease Lease, long Step, long? Taken, int Steps = 1)
{
    /// <summary>The asker.</summary>
    public BlockId Block => Lease.Block;
}

/// <summary>Head to block: these.</summary>
/// <param name="Lease">The lease under which it was asked for: an answer to an earlier one is none.</param>
/// <param name="Step">The step that was asked for.</param>
/// <param name="Shared">The shared parameters.</param>
/// <param name="Steps">Steps that may be trained with them, as many as were asked for or fewer: a lag bound can want that.</param>
public sealed record SharedReady(Lease Lease, long Step, SharedVersion Shared, int Steps = 1);

/// <summary>Block to head: what a step asks of the shared parameters. Taken in once, however often it comes.</summary>
/// <param name="Lease">The block's lease.</param>
/// <param name="Gradient">The gradient.</param>
/// <param name="Exact">Whether it may be applied to the version that it was computed with alone.</param>
public sealed record ApplyGradient(Lease Lease, SharedGradient Gradient, bool Exact);

/// <summary>
/// Block to head, right before a gradient: which version will it meet? Nothing is pinned by it, and nothing else depends on the answer.
/// </summary>
/// <param name="Block">The asker.</param>
/// <param name="Step">The gradient's step.</param>
public sealed record ProbeShared(BlockId Block, long Step);

/// <summary>Head to block: this one.</summary>
/// <param name="Block">The asker.</param>
/// <param name="Step">The step that was asked for.</param>
/// <param name="Shared">The shared parameters.</param>
public sealed record SharedProbed(BlockId Block, long Step, SharedVersion Shared);

/// <summary>Block or trainer to head: nothing more will be asked or sent under this lease.</summary>
public sealed record LeaseOver(Lease Lease);

/// <summary>Trainer to head: from here on these policies hold. No step is under way.</summary>
public sealed record SwitchShared(long Fence, PolicySet Policies);
