using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>The mini-batch of a step in a loader's cache: one on each device that wants it.</summary>
internal sealed class CachedStep : IDisposable
{
    /// <summary>It by device; null while its images are under way.</summary>
    public Dictionary<ComputeDevice, Batch?> Batches { get; } = [];

    /// <summary>Who waits for it and where, once for each time that it was asked for.</summary>
    public List<(IActorRef Reader, ComputeDevice Device)> Waiting { get; } = [];

    /// <summary>Its images where they came from elsewhere, for devices that want it later.</summary>
    public ImagesReady? Images { get; set; }

    /// <summary>Whether they are still to come.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>Who reads it, on all devices.</summary>
    public int Readers { get; set; }

    /// <summary>Who has read it.</summary>
    public int Served { get; set; }

    /// <summary>When it was last asked for.</summary>
    public long LastUse { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Batch? batch in Batches.Values)
        {
            batch?.Dispose();
        }
    }
}
