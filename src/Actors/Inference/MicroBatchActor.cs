using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Inference;

/// <summary>
/// Puts requests that come close together into one batch for the chain, up to a size and a time. What does not fit into its queue is refused at
/// once. On the default dispatcher, so that a request is refused or withdrawn while all threads of the chain compute.
/// </summary>
public sealed class MicroBatchActor : ReceiveActor, IWithTimers
{
    private readonly IActorRef chain;
    private readonly InferenceModel model;
    private readonly DataDescription data;
    private readonly InferenceSettings settings;
    private readonly InferenceMeter? meter;
    private readonly int mostInChain;
    private readonly List<PendingPredict> waiting = [];
    private readonly Dictionary<long, (BatchInChain Batch, int Part)> inChain = [];
    private long nextNumber;
    private long dueBefore;
    private int rowsWaiting;
    private int batchesInChain;
    private long nextPart;

    /// <summary>An actor before a chain.</summary>
    /// <param name="chain">The inference actor.</param>
    /// <param name="model">What it answers with.</param>
    /// <param name="data">How pixels become network input.</param>
    /// <param name="settings">Window, size and queue.</param>
    /// <param name="mostInChain">Batches that are in the chain at once, so that its links work side by side; at least 1.</param>
    /// <param name="meter">Told what happens.</param>
    public MicroBatchActor(IActorRef chain, InferenceModel model, DataDescription data, InferenceSettings settings, int mostInChain, InferenceMeter? meter = null)
    {
        (this.chain, this.model, this.data, this.settings, this.mostInChain, this.meter) = (chain, model, data, settings, mostInChain, meter);
        Receive<Predict>(Take);
        Receive<WithdrawPredict>(Withdraw);
        Receive<Classified>(answer => Answered(answer.Id, answer, null));
        Receive<ClassifyFailed>(failed => Answered(failed.Id, null, failed.Reason));
        Receive<Due>(_ =>
        {
            // All that wait: who is younger than the window goes with those who are not, or has found no others of its kind.
            dueBefore = nextNumber;
            Send();
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>Props.</summary>
    public static Props Props(IActorRef chain, InferenceModel model, DataDescription data, InferenceSettings settings, int mostInChain, InferenceMeter? meter = null) =>
        Akka.Actor.Props.Create(() => new MicroBatchActor(chain, model, data, settings, mostInChain, meter));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (BatchInChain batch in inChain.Values.Select(part => part.Batch).Distinct())
        {
            batch.Images.Dispose();
        }
    }

    private void Take(Predict asked)
    {
        PredictionRequest request = asked.Request;
        UsedOptions options = new(
            request.Seed ?? model.Defaults.Seed, request.Samples ?? model.Defaults.Samples, request.Stochastic ?? model.Defaults.Stochastic);
        ChainOptions through = new(request.Depth, request.StopAt, request.Steps, request.Trace, LastOnly: request.StopAt is null);
        PendingPredict pending = new(
            asked.Id, request, Sender, options, new(options.Stochastic, through), request.Pixels.Length / data.Shape.Pixels, nextNumber++, Now);
        // A request that is larger than the whole queue can still be answered when nothing else waits.
        if (rowsWaiting > 0 && rowsWaiting + pending.Rows > settings.Queue)
        {
            meter?.Refused();
            Sender.Tell(new PredictFailed(PredictionProblem.Busy, $"{rowsWaiting} images wait already, of at most {settings.Queue}: ask again in a moment"));
            return;
        }

        waiting.Add(pending);
        Count(pending.Rows);
        Send();
    }

    private void Withdraw(WithdrawPredict withdrawn)
    {
        if (waiting.Find(pending => pending.Id == withdrawn.Id) is { } pending)
        {
            waiting.Remove(pending);
            Count(-pending.Rows);
        }
    }

    private void Count(int rows)
    {
        rowsWaiting += rows;
        meter?.Waiting(rowsWaiting);
    }

    /// <summary>Sends what is due, as long as there is room in the chain.</summary>
    private void Send()
    {
        while (batchesInChain < mostInChain && NextBatch() is { IsEmpty: false } next)
        {
            foreach (PendingPredict pending in next)
            {
                waiting.Remove(pending);
                Count(-pending.Rows);
            }

            Start(next);
        }

        if (waiting is [.., var youngest] && youngest.Number >= dueBefore && !Timers.IsTimerActive(nameof(Due)))
        {
            Timers.StartSingleTimer(nameof(Due), Due.Instance, settings.Window);
        }
    }

    /// <summary>The first that need not wait for others any longer: alone, full, or old enough.</summary>
    private ImmutableArray<PendingPredict> NextBatch()
    {
        HashSet<BatchKind> seen = [];
        foreach (PendingPredict first in waiting)
        {
            if (first.Alone)
            {
                return [first];
            }

            if (seen.Add(first.Kind))
            {
                (ImmutableArray<PendingPredict> together, bool full) = Together(first);
                if (full || first.Number < dueBefore)
                {
                    return together;
                }
            }
        }

        return [];
    }

    private (ImmutableArray<PendingPredict> Together, bool Full) Together(PendingPredict first)
    {
        ImmutableArray<PendingPredict>.Builder together = ImmutableArray.CreateBuilder<PendingPredict>();
        int rows = 0;
        foreach (PendingPredict other in waiting.Where(other => !other.Alone && other.Kind == first.Kind))
        {
            if (rows > 0 && rows + other.Rows > settings.Batch)
            {
                return (together.ToImmutable(), true);
            }

            together.Add(other);
            rows += other.Rows;
        }

        return (together.ToImmutable(), rows >= settings.Batch);
    }

    private void Start(ImmutableArray<PendingPredict> requests)
    {
        TorchRuntime.UseOneThread();
        using DisposeScope scope = NewDisposeScope();
        bool alone = requests[0].Alone;
        ImmutableArray<NoiseRows> rows = [.. requests.SelectMany(pending => pending.Noise())];
        Tensor images = data.Normalise(Pixels(requests, once: alone)).DetachFromDisposeScope();
        // By itself each draw passes in the shape in which the images came.
        ImmutableArray<ImmutableArray<NoiseRows>> parts = alone ? [.. rows.Select(draw => ImmutableArray.Create(draw))] : [rows];
        BatchInChain batch = new(requests, parts.Length) { Images = images, BatchSize = (int)images.shape[0] };
        batchesInChain++;
        meter?.Sent(batch.BatchSize);
        for (int part = 0; part < parts.Length; part++)
        {
            inChain.Add(nextPart, (batch, part));
            chain.Tell(new Classify(nextPart++, images, 0, parts[part][0].Noise) { Rows = parts[part], Chain = requests[0].Kind.Chain });
        }
    }

    /// <summary>The images of requests, once each or once for each draw.</summary>
    private Tensor Pixels(ImmutableArray<PendingPredict> requests, bool once)
    {
        (int channels, int height, int width) = data.Shape;
        Tensor result = empty([requests.Sum(pending => once ? pending.Images : pending.Rows), channels, height, width], ScalarType.Float32);
        Span<float> values = MemoryMarshal.Cast<byte, float>(result.bytes);
        foreach (PendingPredict pending in requests)
        {
            for (int draw = 0; draw < (once ? 1 : pending.Options.Samples); draw++)
            {
                pending.Request.Pixels.Span.CopyTo(values);
                values = values[pending.Request.Pixels.Length..];
            }
        }

        return result;
    }

    private void Answered(long id, Classified? answer, string? failure)
    {
        inChain.Remove(id, out (BatchInChain Batch, int Part) of);
        of.Batch.Answers[of.Part] = answer;
        of.Batch.Failure ??= failure;
        if (--of.Batch.Missing > 0)
        {
            return;
        }

        of.Batch.Images.Dispose();
        batchesInChain--;
        if (of.Batch.Failure is { } reason)
        {
            meter?.Failed(of.Batch.Requests.Length);
            foreach (PendingPredict pending in of.Batch.Requests)
            {
                pending.Asker.Tell(new PredictFailed(PredictionProblem.NotReady, reason));
            }
        }
        else
        {
            TimeSpan now = Now;
            foreach ((PendingPredict pending, Prediction prediction) in of.Batch.Requests.Zip(PredictionMath.Read(of.Batch, model.ClassNames.Count, now)))
            {
                pending.Asker.Tell(prediction);
                meter?.Took(prediction.Time);
            }

            meter?.Answered(of.Batch.Requests.Length, of.Batch.Requests.Sum(pending => pending.Images));
            meter?.Passed(of.Batch.Answers.OfType<Classified>());
        }

        Send();
    }

    private sealed class Due
    {
        public static readonly Due Instance = new();
    }
}
