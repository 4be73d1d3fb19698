using Akka.Actor;
using NoProp.Models;
using NoProp.Models.Training;

namespace NoProp.Actors.Protocol;

// Blocks and the head, where blocks read what it owns.

/// <summary>Where the holder of a lease gets the shared parameters.</summary>
/// <param name="Head">The head.</param>
/// <param name="Version">
/// The version that the lease's first step uses, each later step the next one: nobody else moves the parameters meanwhile, as in Algorithm 1.
/// Null for whatever version is the newest.
/// </param>
public sealed record SharedSource(IActorRef Head, long? Version);

/// <summary>Block to head: which are the shared parameters?</summary>
/// <param name="Block">The asker.</param>
/// <param name="Step">The step that will use them.</param>
/// <param name="Version">The one version that will do, waited for where it is still to come; null for the newest.</param>
public sealed record RequestShared(BlockId Block, long Step, long? Version);

/// <summary>Head to block: these.</summary>
public sealed record SharedReady(long Step, SharedVersion Shared);

/// <summary>Block to head: what a step asks of the shared parameters. Applied once, however often it comes.</summary>
/// <param name="Gradient">The gradient.</param>
/// <param name="Exact">Whether it may be applied to the version that it was computed with alone.</param>
public sealed record ApplyGradient(SharedGradient Gradient, bool Exact);
