using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Actors.Cluster;

/// <summary>
/// A worker node's blocks of a chain, below the link to the node that is asked: takes z through those of them that follow each other, and keeps the
/// images of a batch until it is told that nobody asks for them any more. Its denoisers are those of a chain in one process.
/// </summary>
public sealed class ChainNodeActor : ReceiveActor
{
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IActorRef gateway = Context.Parent;
    private readonly DeviceSlots slots;
    private readonly Dictionary<int, IActorRef> denoisers = [];
    private readonly Dictionary<long, Tensor> images = [];
    private readonly Dictionary<long, int> asked = [];
    private readonly long mostImageBytes;
    private ChainModel? model;
    private IMethod? method;
    private Snapshot? head;
    private long layout;
    private long imageBytes;

    /// <summary>A node without blocks.</summary>
    /// <param name="slots">Its share, and where it computes.</param>
    /// <param name="mostImageBytes">Bytes of images that it keeps at most.</param>
    public ChainNodeActor(DeviceSlots slots, long mostImageBytes)
    {
        (this.slots, this.mostImageBytes) = (slots, mostImageBytes);
        Receive<ChainModel>(Learn, _ => model is null);
        Receive<ChainRange>(Answer, _ => method is not null);
        Receive<ChainState>(Take, _ => method is not null);
        Receive<ChainImages>(Keep, _ => method is not null);
        Receive<ChainImagesOver>(over => Forget(over.Batch));
        Receive<ChainAsked>(Begin, _ => method is not null);
        Receive<Denoise>(Go);
        Receive<DenoiseFailed>(failed =>
        {
            failed.At.Free();
            Stop(failed.At.Request.Id, failed.Reason);
        });
        // The other end hears of it as the end of the link.
        Receive<LinkRefused>(_ => Context.Stop(Self));
    }

    /// <summary>Props. The denoisers are on the inference dispatcher; this actor only passes bytes on.</summary>
    public static Props Props(DeviceSlots slots, long mostImageBytes) => Akka.Actor.Props.Create(() => new ChainNodeActor(slots, mostImageBytes));

    /// <inheritdoc/>
    protected override void PreStart() => gateway.Tell(new ChainOffered("", slots.Count));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (Tensor tensor in images.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>A link of the chain that fails has lost what was in it: the whole of this node's part ends with it, and begins anew.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    private void Learn(ChainModel given)
    {
        model = given;
        try
        {
            TorchRuntime.Load();
            // Nothing is decided here: no policies are loaded.
            NoPropSettings settings = SettingsLoader.Load(new SettingsFile($"the settings of {given.Run}", given.Settings), policyFault: _ => null).Settings;
            method = MethodCatalog.CreateForBlocks(settings.Training, given.Data);
            gateway.Tell(new ChainReady());
        }
        catch (Exception e)
        {
            log.Warning("this node answers for no block of {0}: {1}", given.Run, e.Message.Split('\n')[0]);
        }
    }

    private void Answer(ChainRange range)
    {
        layout = range.Layout;
        BlockRange wanted = new(range.First, range.Last);
        foreach (int gone in denoisers.Keys.Where(block => !wanted.Contains(block)).ToArray())
        {
            // After the requests that are before it.
            denoisers[gone].Tell(PoisonPill.Instance);
            denoisers.Remove(gone);
        }

        foreach (BlockId block in BlockId.UpTo(method!.Blocks).Where(block => wanted.Contains(block.Value) && !denoisers.ContainsKey(block.Value)))
        {
            ComputeDevice device = slots.Devices[block.Index % slots.Devices.Length];
            IActorRef denoiser = Context.ActorOf(DenoiserActor.Props(block, method, Self, device));
            denoisers.Add(block.Value, denoiser);
            if (method.Coupled && head is not null)
            {
                denoiser.Tell(head);
            }
        }
    }

    private void Take(ChainState state)
    {
        Snapshot snapshot = state.Snapshot;
        if (snapshot.Name == InferenceService.HeadName)
        {
            head = snapshot;
        }

        foreach ((int block, IActorRef denoiser) in denoisers)
        {
            if (new BlockId(block).FileName == snapshot.Name || (snapshot == head && method!.Coupled))
            {
                denoiser.Tell(snapshot);
            }
        }

        gateway.Tell(new ChainStateTaken(layout, snapshot.Name));
    }

    private void Keep(ChainImages given)
    {
        (int channels, int height, int width) = model!.Data.Shape;
        long size = (long)given.Count * channels * height * width * sizeof(float);
        if (given.Count < 1 || given.Input.Length != size || imageBytes + size > mostImageBytes || images.ContainsKey(given.Batch))
        {
            log.Warning("{0} bytes are no {1} images of {2}, or more than there is room for", given.Input.Length, given.Count, model.Data.Shape);
            return;
        }

        images.Add(given.Batch, ChainTensors.Read(given.Input.Span, given.Count, channels, height, width));
        imageBytes += size;
    }

    private void Forget(long batch)
    {
        if (images.Remove(batch, out Tensor? tensor))
        {
            imageBytes -= tensor.numel() * sizeof(float);
            tensor.Dispose();
        }
    }

    private void Begin(ChainAsked ask)
    {
        if (FaultOf(ask) is { } fault)
        {
            Stop(ask.Id, fault);
            return;
        }

        Tensor batch = images[ask.Batch];
        asked.Add(ask.Id, ask.From);
        Classify request = new(ask.Id, batch, 0, ask.Noise[0].Noise) { Rows = ask.Noise, Chain = ask.Options };
        Go(new Denoise(request, Self, [ChainTensors.Read(ask.Z.Span, batch.shape[0], method!.EmbeddingSize)], [], head!) { Sure = [.. ask.Sure] });
    }

    private string? FaultOf(ChainAsked ask)
    {
        if (head is null)
        {
            return "the classifier has no snapshot yet: it has not been trained";
        }

        if (!images.TryGetValue(ask.Batch, out Tensor? batch))
        {
            return "its images have not come";
        }

        long rows = batch.shape[0];
        bool sound = ask.From >= 1
            && ask.From <= method!.Blocks
            && ask.Z.Length == rows * method.EmbeddingSize * sizeof(float)
            && !ask.Noise.IsDefaultOrEmpty
            && ask.Noise.All(part => part.First >= 0 && part.Count >= 1 && part.Count <= rows)
            && ask.Noise.Sum(part => part.Count) == rows
            && !ask.Sure.IsDefault
            && ask.Options is { Steps: null or (>= 1 and <= 100_000) }
            && !asked.ContainsKey(ask.Id);
        return sound ? null : "it makes no sense";
    }

    /// <summary>On to the next block, or back where this node has it not.</summary>
    private void Go(Denoise at)
    {
        int from = asked[at.Request.Id];
        int next = from + at.Trace.Length - 1;
        if (!at.Over && denoisers.TryGetValue(next, out IActorRef? denoiser))
        {
            denoiser.Tell(at);
            return;
        }

        asked.Remove(at.Request.Id);
        gateway.Tell(new ChainPassed(
            at.Request.Id,
            [.. at.Versions.Zip(at.Times, (version, time) => new ChainBlock(version, time))],
            ChainTensors.Bytes(at.Trace.Skip(1)),
            [.. at.Steps.Select(step => new ChainStep(step.Block, step.Step))],
            ChainTensors.Bytes(at.Steps.Select(step => step.Z)),
            [.. at.Sure],
            at.Over));
        at.Free();
    }

    private void Stop(long id, string reason)
    {
        asked.Remove(id);
        gateway.Tell(new ChainStopped(id, reason));
    }
}
