using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;

namespace NoProp.Host.Serving;

/// <summary>Records like those of <c>metrics.jsonl</c>, made of a run's events as they come. The newest ones are kept for those who come late.</summary>
internal sealed class EventRecords
{
    private const int Kept = 10_000;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(250);

    private readonly Lock adding = new();
    private readonly Queue<MetricsRecord> kept = [];
    private long count;

    /// <summary>One more event.</summary>
    public void Add(RunEvent runEvent)
    {
        (string Type, object Values)? record = runEvent switch
        {
            RunStarted started => ("start", new { started.Clocks, started.Target, started.Epochs, started.Slots, policies = PolicyTable.Texts(started.Policies) }),
            StepsTrained trained => ("steps", new { block = trained.Block.Value, clock = trained.Steps.To, trained.Loss, trained.SquaredError, trained.Lead, milliseconds = trained.ComputeTime.TotalMilliseconds, trained.Worker }),
            HeadTrained head => ("head", new { head.Clock, head.Loss }),
            ThroughputMeasured measured => ("throughput", new { steps = measured.TotalSteps, measured.StepsPerSecond, elapsedSeconds = measured.Elapsed.TotalSeconds }),
            EpochFinished epoch => ("epoch", new { epoch.Epoch, steps = epoch.TotalSteps, epoch.TestAccuracy, epoch.TestAccuracyPerBlock, elapsedSeconds = epoch.Elapsed.TotalSeconds }),
            PoliciesSwitched switched => ("policies", new { switched.Fence, steps = switched.TotalSteps, policies = PolicyTable.Texts(switched.Policies) }),
            Restarted restarted => ("restart", new { restarted.What, restarted.Cause }),
            LeaseRevoked revoked => ("leaseRevoked", new { block = revoked.Lease.Block.Value, revoked.Lease.Worker, revoked.Reason }),
            CommitRefused refused => ("commitRefused", new { block = refused.Lease.Block.Value, refused.Lease.Worker }),
            CheckpointSaved saved => ("checkpoint", new { saved.Step }),
            RunEnded ended => ("end", new { outcome = ended.Outcome.ToString().ToLowerInvariant(), ended.Reason, steps = ended.Figures.BlockSteps }),
            _ => null,
        };
        if (record is not { } known)
        {
            return;
        }

        JsonObject json = new() { ["type"] = known.Type, ["at"] = DateTime.UtcNow };
        foreach ((string name, JsonNode? value) in JsonSerializer.SerializeToNode(known.Values, Options)!.AsObject().ToArray())
        {
            json[name] = value?.DeepClone();
        }

        lock (adding)
        {
            kept.Enqueue(new(known.Type, (++count).ToString(CultureInfo.InvariantCulture), json.ToJsonString(Options)));
            if (kept.Count > Kept)
            {
                kept.Dequeue();
            }
        }
    }

    /// <summary>The records after one, without end; null where nothing new has come for a moment.</summary>
    /// <param name="after">Id of the last record that the caller has, null, or <see cref="MetricsTail.Now"/>.</param>
    /// <param name="stop">Ends it.</param>
    public async IAsyncEnumerable<MetricsRecord?> ReadAsync(string? after, [EnumeratorCancellation] CancellationToken stop)
    {
        long last = after == MetricsTail.Now ? count : long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out long given) ? given : 0;
        while (true)
        {
            MetricsRecord[] next;
            lock (adding)
            {
                next = [.. kept.TakeLast((int)Math.Clamp(count - last, 0, kept.Count))];
                last = count;
            }

            foreach (MetricsRecord record in next)
            {
                yield return record;
            }

            if (next.Length == 0)
            {
                yield return null;
                await Task.Delay(Wait, stop);
            }
        }
    }
}
