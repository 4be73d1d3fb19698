using System.CommandLine;
using NoProp.Actors.Policies;

namespace NoProp.Host.Commands;

/// <summary>The options that stand for policies, the same wherever policies are given.</summary>
internal static class PolicyOptions
{
    // By the policy's name below noprop.policy.
    private static readonly Dictionary<string, (string Option, string HelpName, string Description)> Known = new()
    {
        ["blocks"] = ("--policy", "NAME[:ARG]", "Which block trains next: bounded[:lead], lockstep, async, sampled[:uniform|snr|progress], algorithm1, or your own type:CLASS"),
        ["placement"] = ("--placement", "KIND", "Who trains a block: leased (whoever is free) or pinned (always the same worker)"),
        ["visit"] = ("--visit", "N", "Steps that a worker trains a block at a time"),
        ["embedding"] = ("--embedding-policy", "NAME[:ARG]", "How a learned embedding takes gradients: " + string.Join(", ", SharedPolicies.Names) + ", or your own type:CLASS"),
        ["embedding-lag"] = ("--embedding-lag", "BOUND", "How stale those may be: none, reject:V or wait:V"),
        ["head"] = ("--head-policy", "NAME[:ARG]", "When the head trains: with-block or free-running:N"),
        ["schedule"] = ("--schedule-policy", "NAME", "Whether a learned noise schedule moves: with-block or frozen"),
        ["schedule-lag"] = ("--schedule-lag", "BOUND", "How stale its gradients may be: none, reject:V or wait:V"),
        ["moments"] = ("--moments", "KIND", "Moments of a learned embedding's optimiser: shared or per-block"),
        ["replicas"] = ("--replica-policy", "NAME[:ARG]", "How replicas of a block are brought together: local-sgd:H, easgd:ALPHA,H or delayed-nesterov:H"),
        ["refresh"] = ("--refresh", "N", "Steps that a block trains with one version of what blocks share"),
    };

    /// <summary>Adds all of them to the settings of a verb.</summary>
    public static SettingsOptions AddPolicies(this SettingsOptions settings)
    {
        foreach (PolicyEntry entry in PolicyTable.All)
        {
            (string option, string helpName, string description) = Known[entry.Name];
            settings.Add(option, $"noprop.policy.{entry.Name}", helpName, description);
        }

        return settings;
    }

    /// <summary>The option of one policy, without a default.</summary>
    public static Option<string> Create(string name) => new(Known[name].Option) { Description = Known[name].Description, HelpName = Known[name].HelpName };
}
