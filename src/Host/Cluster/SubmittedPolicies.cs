using NoProp.Actors.Policies;
using NoProp.Host.Commands;

namespace NoProp.Host.Cluster;

/// <summary>Which code a run may bring to the node that trains it: files in the folder that whoever runs the node has named, and no other.</summary>
/// <param name="folder">The folder; null for none.</param>
internal sealed class SubmittedPolicies(string? folder)
{
    private const string Setting = "noprop.cluster.policy-assemblies";

    /// <summary>What is wrong with policies, or null. Nothing is loaded that may not be.</summary>
    public string? Fault(PolicySettings policies) =>
        policies.Assemblies.Paths.Select(Refusal).FirstOrDefault(refusal => refusal is not null) ?? SettingsOptions.PolicyFault(policies);

    private string? Refusal(string path)
    {
        if (folder is null)
        {
            return $"{path} would be loaded as code, and the trainer loads none that a run brings: whoever runs its node names a folder for such files with {Setting}";
        }

        string allowed = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Path.GetDirectoryName(Path.GetFullPath(path)) == allowed
            ? null
            : $"{path} is not in {allowed}, from where alone the trainer loads code ({Setting} on its node): put it there, and name it by its full path";
    }
}
