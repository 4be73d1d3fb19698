namespace NoProp.Actors.Protocol;

/// <summary>
/// A message that is told to an actor of another node as such. All others travel within links only, so that a node cannot tell a trainer, a head or
/// a worker whose path it knows what is to come from the other end of its link: leases, commits, gradients, events of a run.
/// </summary>
internal interface INodeMessage;
