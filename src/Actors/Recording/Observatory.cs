using System.Diagnostics;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Recording;

/// <summary>Writes the records <c>staleness</c>, <c>probe</c> and <c>throughput</c> of a session, each no more often than is worth it. Not thread-safe.</summary>
internal sealed class Observatory(Action<string, object> append)
{
    // A kill loses no more of the counts than that; an epoch ends sooner in most runs.
    private static readonly TimeSpan StalenessInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ThroughputInterval = TimeSpan.FromSeconds(2);

    private readonly StalenessBook book = new();
    private long staleness = Stopwatch.GetTimestamp();
    private ThroughputMeasured? written;
    private ThroughputMeasured? newest;
    private (double Seconds, double Alive, double Leased, double Contributing) slots;

    /// <summary>Takes an event in.</summary>
    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepsTrained trained:
                book.Add(trained);
                break;
            case UpdatesTaken taken:
                book.Add(taken);
                break;
            case GradientProbed probed:
                append("probe", new { block = probed.Block.Block.Value, probed.Step, probed.Version, probed.Lag, probed.Cosine });
                break;
            case ThroughputMeasured throughput:
                Take(throughput);
                if (written is null || throughput.Elapsed - written.Elapsed >= ThroughputInterval)
                {
                    WriteThroughput();
                }

                if (Stopwatch.GetElapsedTime(staleness) > StalenessInterval)
                {
                    WriteStaleness();
                }

                break;
            case EpochFinished:
                WriteStaleness();
                break;
        }
    }

    /// <summary>Writes what is not written yet: the session is over.</summary>
    public void Finish()
    {
        WriteStaleness();
        if (newest != written)
        {
            WriteThroughput();
        }
    }

    private void WriteStaleness()
    {
        staleness = Stopwatch.GetTimestamp();
        if (!book.IsEmpty)
        {
            append("staleness", book.ToRecord());
        }
    }

    private void Take(ThroughputMeasured now)
    {
        // The first event of a session does not say since when it counts: any weight will do.
        double seconds = newest is null ? 1 : Math.Max((now.Elapsed - newest.Elapsed).TotalSeconds, 0);
        newest = now;
        slots = (
            slots.Seconds + seconds,
            slots.Alive + seconds * now.Slots.Alive,
            slots.Leased + seconds * now.Slots.Leased,
            slots.Contributing + seconds * now.Slots.Contributing);
    }

    private void WriteThroughput()
    {
        ThroughputMeasured now = newest!;
        // Rate and slots since the last record, and not only since the last event.
        double seconds = written is null ? 0 : (now.Elapsed - written.Elapsed).TotalSeconds;
        double weight = Math.Max(slots.Seconds, double.Epsilon);
        append("throughput", new
        {
            steps = now.TotalSteps,
            elapsedSeconds = now.Elapsed.TotalSeconds,
            stepsPerSecond = seconds > 0 ? (now.TotalSteps - written!.TotalSteps) / seconds : now.StepsPerSecond,
            alive = slots.Alive / weight,
            leased = slots.Leased / weight,
            contributing = slots.Contributing / weight,
        });
        (written, slots) = (now, default);
    }
}
