using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Training;

namespace NoProp.Actors.Training;

/// <content>
/// Samples how stale a gradient is: the same one is computed at the version that it was computed with, and at the one that it meets. Nothing
/// that is trained depends on it.
/// </content>
public sealed partial class BlockActor
{
    private readonly int probeEvery;
    private Probe? probe;

    /// <returns>Whether the batch is kept until it is compared.</returns>
    private bool ProbeIfDue(Batch batch, long step)
    {
        if (probeEvery == 0 || (batch.Step + 1) % probeEvery != 0 || source is not { Taken: null })
        {
            return false;
        }

        // A head that has failed meanwhile may never have heard of the last one.
        DropProbe();
        probe = new(batches.TakeOut(step), shared!);
        source.Head.Tell(new ProbeShared(block, batch.Step));
        return true;
    }

    private void Compare(SharedProbed answer)
    {
        if (probe is null || probe.Batch.Step != answer.Step)
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        long lag = answer.Shared.Version - probe.Shared.Version;
        if (Cosine(probe, answer.Shared, lag) is { } cosine)
        {
            Context.Parent.Tell(new GradientProbed(block, answer.Step, probe.Shared.Version, lag, cosine));
        }

        DropProbe();
        // What took this time is no wait.
        waitingSince += Stopwatch.GetTimestamp() - start;
    }

    /// <summary>Null where it cannot be said: a gradient is zero, or the computation failed, which is no reason to fail a run.</summary>
    private double? Cosine(Probe asked, SharedVersion met, long lag)
    {
        try
        {
            TorchRuntime.UseOneThread();
            return lag == 0 ? 1
                : compute is null ? null
                : GradientCosine.Of(compute.SharedGradient(asked.Batch, asked.Shared).AsSpan(), compute.SharedGradient(asked.Batch, met).AsSpan());
        }
        catch (Exception e)
        {
            log.Warning("{0} could not compare the gradient of step {1} with a fresh one: {2}", block, asked.Batch.Step, e.Message.Split('\n')[0]);
            return null;
        }
    }

    private void DropProbe()
    {
        if (probe is not null)
        {
            batches.GiveBack(probe.Batch.Step);
            probe = null;
        }
    }

    private sealed record Probe(Batch Batch, SharedVersion Shared);
}
