namespace NoProp.Actors.Cluster;

/// <summary>What this process is in a cluster: its address, whom it joins, what it does there and whom it trusts.</summary>
/// <param name="Name">Name of the cluster; nodes with another name are strangers.</param>
/// <param name="Host">Name or address to listen at.</param>
/// <param name="Port">Port to listen at; 0 for any that is free.</param>
/// <param name="PublicHost">Name or address under which the other nodes reach it; null for <paramref name="Host"/>.</param>
/// <param name="PublicPort">Port under which they do; null for the one that it listens at.</param>
/// <param name="Join">Nodes to join, of which any one is enough; none for a new cluster.</param>
/// <param name="Roles">What it does.</param>
/// <param name="Tls">Certificate and trust; null for connections in the clear.</param>
/// <param name="Insecure">Whether it may listen in the clear where other machines reach it.</param>
/// <param name="BaseTime">The time that every time-out follows from.</param>
/// <param name="Overrides">Time-outs that do not follow from it.</param>
public sealed record ClusterSettings(
    string Name,
    string Host,
    int Port,
    string? PublicHost,
    int? PublicPort,
    IReadOnlyList<NodeAddress> Join,
    IReadOnlyList<NodeRole> Roles,
    TlsSettings? Tls,
    bool Insecure,
    TimeSpan BaseTime,
    ClusterTimeOverrides Overrides)
{
    /// <summary>Where a worker's images come from.</summary>
    public DataPlace Data { get; init; } = DataPlace.Local;

    /// <summary>Folder whose files may be loaded as policies where a run that is given to this node's trainer names them; null for none.</summary>
    public string? PolicyAssemblies { get; init; }

    /// <summary>Every time-out of the cluster.</summary>
    /// <exception cref="NoProp.Actors.Hosting.SettingsException">Two of them do not fit together.</exception>
    public ClusterTimes Times => ClusterTimes.Derive(BaseTime, Overrides);

    /// <summary>
    /// The same for a node that was removed and comes again. The others go on without it, so it waits for one of them however long it is cut
    /// off: it must not begin a cluster of its own, as the node that stands first in the list does at its start. Where it knows nobody else,
    /// there is nobody to wait for.
    /// </summary>
    public ClusterSettings Again()
    {
        NodeAddress own = new(PublicHost ?? Host, PublicPort ?? Port);
        NodeAddress[] others = [.. Join.Where(node => node != own)];
        return others.Length == 0 ? this : this with { Join = others };
    }
}

/// <summary>What a node does in the cluster.</summary>
public enum NodeRole
{
    /// <summary>May hold the trainer, the head and the recorder. The oldest one does.</summary>
    Trainer,

    /// <summary>Trains blocks.</summary>
    Worker,

    /// <summary>Answers requests from outside.</summary>
    Gateway,

    /// <summary>
    /// Counts when the cluster falls apart and one part must be kept. Every trainer does; beside two trainers a third node should.
    /// </summary>
    Voter,
}

/// <summary>Where a worker's images come from.</summary>
public enum DataPlace
{
    /// <summary>From a copy of the data set on the worker's node.</summary>
    Local,

    /// <summary>From the trainer's node, mini-batch by mini-batch.</summary>
    Remote,
}

/// <summary>Where this node's certificate lies and whom it trusts.</summary>
/// <param name="Certificate">File with the certificate: PKCS#12 with its key, or PEM.</param>
/// <param name="Key">File with its key in PEM; null where the key lies in <paramref name="Certificate"/>.</param>
/// <param name="PasswordFile">File whose first line is the password of the key; null for none.</param>
/// <param name="Trusted">
/// Files with the certificates that are trusted: of nodes, or of an authority that issues those of nodes. None for this node's own alone.
/// </param>
public sealed record TlsSettings(string Certificate, string? Key, string? PasswordFile, IReadOnlyList<string> Trusted);

/// <summary>Where a node listens.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Port, 1 to 65535.</param>
public readonly record struct NodeAddress(string Host, int Port)
{
    /// <summary>Reads <c>HOST:PORT</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string? text, out NodeAddress address)
    {
        int colon = text?.LastIndexOf(':') ?? -1;
        address = default;
        if (colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int port)
            || port is < 1 or > 65_535)
        {
            return false;
        }

        string host = text![..colon];
        bool bracketed = host is ['[', .., ']'];
        host = bracketed ? host[1..^1] : host;
        UriHostNameType kind = Uri.CheckHostName(host);
        address = new(host, port);
        return kind == UriHostNameType.IPv6 ? bracketed : !bracketed && kind is UriHostNameType.IPv4 or UriHostNameType.Dns;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
