
namespace NoProp.Host.Commands;

/// <summary>The options of every verb that has to do with a cluster.</summary>
internal static class ClusterOptions
{
    /// <summary>Whom to join and how to be trusted there.</summary>
    public static SettingsOptions AddClusterClient(this SettingsOptions settings) => settings
        .Add("--join", "noprop.cluster.join", "HOST:PORT,...", "Nodes of the cluster, of which one that answers is enough")
        .Add("--cluster", "noprop.cluster.name", "NAME", "Name of the cluster")
        .Add("--tls-certificate", "noprop.cluster.tls.certificate", "FILE", "This process's certificate: PKCS#12 with its key, or PEM")
        .Add("--tls-key", "noprop.cluster.tls.key", "FILE", "Its key in PEM, where it lies in a file of its own")
        .Add("--tls-trusted", "noprop.cluster.tls.trusted", "FILES", "Certificates of those who are trusted, or of an authority; without any this process's own");
}
