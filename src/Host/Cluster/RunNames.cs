using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Host.Cluster;

/// <summary>Which run of a cluster is meant.</summary>
internal static class RunNames
{
    /// <summary>Name of the run in training.</summary>
    /// <param name="status">What the cluster does.</param>
    /// <param name="wanted">The name that it is to have; null for any.</param>
    /// <exception cref="NoPropException">None is in training, or another one.</exception>
    public static string Named(this TrainingStatus status, string? wanted)
    {
        string name = status.Run ?? throw new NoPropException("no run is in training");
        return wanted is null || wanted == name ? name : throw new NoPropException($"{wanted} is not in training: {name} is");
    }
}
