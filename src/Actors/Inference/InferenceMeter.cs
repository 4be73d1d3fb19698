using System.Diagnostics.Metrics;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Inference;

/// <summary>What is measured of inference, on a meter of System.Diagnostics.Metrics by the name of <see cref="Name"/>.</summary>
public sealed class InferenceMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "NoProp.Inference";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> requests;
    private readonly Counter<long> images;
    private readonly Histogram<double> duration;
    private readonly Histogram<long> batchSize;
    private readonly Counter<double> blockTime;
    private readonly Counter<long> blockBatches;
    private readonly Lock reading = new();
    private BlockTimes[] blocks = [];
    private int waiting;

    /// <summary>A meter that has seen nothing.</summary>
    public InferenceMeter()
    {
        requests = meter.CreateCounter<long>("noprop.inference.requests", description: "Requests by outcome");
        images = meter.CreateCounter<long>("noprop.inference.images", description: "Images answered");
        duration = meter.CreateHistogram<double>("noprop.inference.duration", "s", "Time from a request to its answer");
        batchSize = meter.CreateHistogram<long>("noprop.inference.batch.size", description: "Images, draws counted, that passed the chain together");
        blockTime = meter.CreateCounter<double>("noprop.inference.block.time", "s", "Time that blocks computed");
        blockBatches = meter.CreateCounter<long>("noprop.inference.block.batches", description: "Batches that passed a block");
        meter.CreateObservableGauge("noprop.inference.queue", () => waiting, description: "Images, draws counted, that wait");
    }

    /// <summary>The meter, for those who export what it measures.</summary>
    public Meter Meter => meter;

    /// <summary>What blocks have done, in their order.</summary>
    public IReadOnlyList<BlockTimes> Blocks
    {
        get
        {
            lock (reading)
            {
                return [.. blocks];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    internal void Waiting(int rows) => waiting = rows;

    internal void Sent(int rows) => batchSize.Record(rows);

    internal void Refused() => Request("busy", 1);

    internal void Failed(int count) => Request("failed", count);

    /// <summary>Counts by batch, not by request: whoever listens is told of each.</summary>
    internal void Answered(int requests, int count)
    {
        Request("answered", requests);
        images.Add(count);
    }

    internal void Took(TimeSpan time) => duration.Record(time.TotalSeconds);

    internal void Passed(IEnumerable<Classified> answers)
    {
        lock (reading)
        {
            foreach (Classified answer in answers)
            {
                for (int i = 0; i < answer.Times.Length; i++)
                {
                    if (i >= blocks.Length)
                    {
                        Array.Resize(ref blocks, i + 1);
                    }

                    blocks[i] = new(blocks[i].Batches + 1, blocks[i].Time + answer.Times[i]);
                    KeyValuePair<string, object?> block = new("block", i + 1);
                    blockTime.Add(answer.Times[i].TotalSeconds, block);
                    blockBatches.Add(1, block);
                }
            }
        }
    }

    private void Request(string outcome, int count) => requests.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
}

/// <summary>What a block has done at inference.</summary>
/// <param name="Batches">Batches that have passed it.</param>
/// <param name="Time">Time that they took.</param>
public readonly record struct BlockTimes(long Batches, TimeSpan Time);
