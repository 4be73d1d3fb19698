namespace NoProp.Models.Checkpoints;

/// <summary>The state of a whole run at one step: what is needed to go on as if it had never stopped.</summary>
/// <param name="Step">The run's step, which names the checkpoint; 0 or more.</param>
/// <param name="Snapshots">Every block and the head, each under a name of its own made of letters, digits, <c>-</c> and <c>_</c>.</param>
/// <param name="State">Anything else that the run must remember, for example how often a policy has drawn; kept as it is.</param>
public sealed record Checkpoint(long Step, IReadOnlyList<Snapshot> Snapshots, IReadOnlyDictionary<string, string> State);
