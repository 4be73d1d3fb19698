namespace NoProp.Actors.Cluster;

/// <summary>What is known of a chain that is spread over nodes, for code that is no actor. Safe to use from any thread.</summary>
/// <param name="tell">Told when another node answers, a line each.</param>
public sealed class ChainView(Action<string> tell)
{
    /// <summary>What is said where no node answers.</summary>
    public const string NoWorker =
        "no worker node of the cluster answers for the chain: start one with `noprop node --role worker --join HOST:PORT`, or serve with --chain local";

    private volatile string? problem = NoWorker;
    private volatile int nodes;
    private long imageBatches;

    /// <summary>Why nothing can be answered now; null where it can.</summary>
    public string? Problem => problem;

    /// <summary>Nodes that can answer, also those that are more than there are blocks.</summary>
    public int Nodes => nodes;

    /// <summary>Batches of images that were sent to nodes, each counted once for each node.</summary>
    public long ImageBatches => Interlocked.Read(ref imageBatches);

    internal void CountImages() => Interlocked.Increment(ref imageBatches);

    internal void CountNodes(int count) => nodes = count;

    internal void Show(string? why, string line)
    {
        problem = why;
        tell(line);
    }
}
