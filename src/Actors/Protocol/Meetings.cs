using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Protocol;

// Trainer and the centres of blocks that have replicas.

/// <summary>Trainer to centre: a replica has come to a meeting, and waits.</summary>
/// <param name="Replica">Which.</param>
/// <param name="State">Its state.</param>
public sealed record ReplicaArrived(BlockId Replica, Snapshot State);

/// <summary>Trainer to centre: replicas are brought together by another rule from some step on.</summary>
public sealed record FollowSchedule(ReplicaSchedule Schedule);

/// <summary>Centre to trainer: replicas may go on.</summary>
/// <param name="Block">The block.</param>
/// <param name="Meeting">The centre, and the states with which they go on.</param>
public sealed record ReplicasMet(BlockId Block, Meeting Meeting);

/// <summary>Centre to trainer: it cannot go on. Made again it would come to the same, so nobody tries.</summary>
public sealed record CenterFailed(BlockId Block, string Cause);
