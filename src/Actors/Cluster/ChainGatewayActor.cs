using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using static TorchSharp.torch;

namespace NoProp.Actors.Cluster;

/// <summary>
/// Stands for all links of a chain that is spread over worker nodes: asks the workers of the cluster for a link each, cuts the chain into pieces
/// whenever one comes or goes, keeps every node's blocks on their newest states, and takes each request from node to node. What a node that is lost
/// held is asked once more of the others: the numbers are the same wherever they are computed.
/// </summary>
public sealed class ChainGatewayActor : ReceiveActor, IWithTimers
{
    // Between two ends of a link there is always an answer, or the end of the link; a node that gets ready may take a while.
    private const int PatienceInTicks = 15;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IMethod method;
    private readonly ChainModel model;
    private readonly IActorRef manager;
    private readonly TimeSpan retry;
    private readonly long mostImageBytes;
    private readonly ChainView view;
    private readonly IActorRef acceptor;
    private readonly Dictionary<string, Snapshot> newest = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, ChainNode> nodes = [];
    private readonly SortedDictionary<long, ChainRequest> requests = [];
    private readonly Dictionary<object, ChainBatch> batches = new(ReferenceEqualityComparer.Instance);
    private string shown = "";
    private long nextRequest;
    private long nextBatch;
    private int ticks;

    /// <summary>A chain without nodes.</summary>
    /// <param name="method">Method.</param>
    /// <param name="model">The network, for the nodes.</param>
    /// <param name="manager">The singleton, which knows the workers.</param>
    /// <param name="links">How links behave.</param>
    /// <param name="retry">Time between two looks for workers.</param>
    /// <param name="view">Told what is to be seen.</param>
    public ChainGatewayActor(IMethod method, ChainModel model, IActorRef manager, LinkSettings links, TimeSpan retry, ChainView view)
    {
        (this.method, this.model, this.manager, this.retry, this.view) = (method, model, manager, retry, view);
        mostImageBytes = links.MaxMessage / 2;
        IActorRef self = Self;
        acceptor = Context.ActorOf(LinkAcceptorActor.Props(links, (name, _) => new ChainGatewayRoutes(self, name)), "links");
        Receive<Tick>(_ =>
        {
            manager.Tell(new HostChain(acceptor));
            ForgetImages();
            Retry();
            GiveUp();
            if (++ticks == PatienceInTicks && nodes.Count == 0)
            {
                Show(ChainView.NoWorker, ChainView.NoWorker);
            }
        });
        Receive<Snapshot>(snapshot =>
        {
            newest[snapshot.Name] = snapshot;
            foreach (ChainNode node in nodes.Values)
            {
                Push(node);
            }
        });
        Receive<Denoise>(Take);
        Receive<ChainOffered>(Greet, _ => !nodes.ContainsKey(Sender));
        Receive<Terminated>(lost => Lose(lost.ActorRef));
        Receive<ChainReady>(_ => OfNode(node =>
        {
            node.IsReady = true;
            Lay();
        }));
        Receive<ChainStateTaken>(taken => OfNode(node => Taken(node, taken)));
        Receive<ChainPassed>(passed => OfNode(node => Answered(node, passed.Id, request => Passed(request, passed))));
        Receive<ChainStopped>(stopped => OfNode(node => Answered(node, stopped.Id, _ => Fail(stopped.Id, stopped.Reason))));
        Receive<LinkRefused>(refused => OfNode(node =>
        {
            if (refused.Message is ChainAsked asked)
            {
                Answered(node, asked.Id, _ => Fail(asked.Id, $"it cannot be sent to {node.Name}: {refused.Reason}"));
            }
        }));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(IMethod method, ChainModel model, IActorRef manager, LinkSettings links, TimeSpan retry, ChainView view) =>
        Akka.Actor.Props.Create(() => new ChainGatewayActor(method, model, manager, links, retry, view));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, retry);
        Self.Tell(Tick.Instance);
    }

    /// <summary>Who has asked hears of it; a message is at fault, never all of them.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        foreach (long id in requests.Keys.ToArray())
        {
            Fail(id, "the chain has failed: ask again in a moment");
        }

        base.PreRestart(reason, message);
    }

    private void OfNode(Action<ChainNode> act)
    {
        if (nodes.TryGetValue(Sender, out ChainNode? node))
        {
            act(node);
        }
    }

    private void Greet(ChainOffered offered)
    {
        nodes.Add(Sender, new(offered.Worker, offered.Slots, Context.Watch(Sender)));
        Sender.Tell(model);
    }

    private void Lose(IActorRef link)
    {
        if (!nodes.Remove(link, out ChainNode? lost))
        {
            return;
        }

        Lay();
        foreach ((long id, ChainRequest request) in requests.Where(request => request.Value.Node == lost).ToArray())
        {
            request.Wait();
            if (++request.Lost > 1)
            {
                Fail(id, $"{lost.Name} was lost while it answered, as another node before it: ask again in a moment");
            }
            else
            {
                Go(id);
            }
        }
    }

    private void Lay()
    {
        ImmutableDictionary<string, BlockRange> ranges = ChainLayout.Of(method.Blocks, nodes.Values.Where(node => node.IsReady).Select(node => (node.Name, node.Slots)));
        foreach (ChainNode node in nodes.Values.Where(node => node.IsReady))
        {
            if (node.Answer(ranges.GetValueOrDefault(node.Name, BlockRange.None)))
            {
                node.Link.Tell(new ChainRange(node.Layout, node.Range.First, node.Range.Last));
            }

            Push(node);
        }

        string line = ranges.IsEmpty ? ChainView.NoWorker : $"the chain: {string.Join(", ", ranges.OrderBy(range => range.Value.First).Select(range => $"{range.Key} has {range.Value}"))}";
        view.CountNodes(nodes.Values.Count(node => node.IsReady));
        Show(ranges.IsEmpty ? line : null, line);
        Retry();
    }

    private void Show(string? problem, string line)
    {
        if (line != shown)
        {
            view.Show(problem, shown = line);
        }
    }

    /// <summary>One state at a time: what is newer meanwhile takes the place of what waits.</summary>
    private void Push(ChainNode node)
    {
        if (node.UnderWay is null && node.Next(newest) is { } next)
        {
            node.UnderWay = next;
            node.Link.Tell(new ChainState(next));
        }
    }

    private void Taken(ChainNode node, ChainStateTaken taken)
    {
        node.Confirm(taken);
        Push(node);
        Retry();
    }

    private void Take(Denoise asked)
    {
        ForgetImages();
        try
        {
            requests.Add(++nextRequest, new(asked, BatchOf(asked.Request.Images)));
        }
        catch (Exception e)
        {
            // As of images that are gone. Thrown on, it would take the other requests with it.
            Context.Parent.Tell(new DenoiseFailed(asked, $"the images cannot be sent: {e.Message.Split('\n')[0]}"));
            return;
        }

        Go(nextRequest);
    }

    private ChainBatch BatchOf(Tensor images)
    {
        if (!batches.TryGetValue(images, out ChainBatch? batch))
        {
            batch = new(++nextBatch, images, (int)images.shape[0], ChainTensors.Bytes(images));
            batches.Add(images, batch);
        }

        return batch;
    }

    private void Go(long id)
    {
        ChainRequest request = requests[id];
        BlockId block = new(request.At.Trace.Length);
        if (request.Batch.Input.Length > mostImageBytes)
        {
            Fail(id, $"{request.Batch.Input.Length >> 20} MiB of images are more than a node takes at once, which is {mostImageBytes >> 20} MiB: ask for fewer images or draws");
        }
        else if (!newest.ContainsKey(block.FileName))
        {
            Fail(id, $"{block} has no snapshot yet: it has not been trained");
        }
        else if (nodes.Values.FirstOrDefault(node => node.Range.Contains(block.Value)) is not { } node)
        {
            Fail(id, view.Problem ?? ChainView.NoWorker);
        }
        else if (node.HasStates(newest) && node.HasRoom(request.Batch, mostImageBytes))
        {
            Send(id, request, node, block);
        }
    }

    private void Send(long id, ChainRequest request, ChainNode node, BlockId block)
    {
        request.Node = node;
        if (node.Images.Add(request.Batch))
        {
            view.CountImages();
            node.Link.Tell(new ChainImages(request.Batch.Number, request.Batch.Count, request.Batch.Input));
        }

        Denoise at = request.At;
        node.Link.Tell(new ChainAsked(
            id, request.Batch.Number, block.Value, ChainTensors.Bytes(at.Trace[^1]), [.. at.Request.NoiseOfRows], at.Request.Chain, [.. at.Sure]));
    }

    private void Answered(ChainNode node, long id, Action<ChainRequest> take)
    {
        if (requests.TryGetValue(id, out ChainRequest? request) && request.Node == node)
        {
            request.Wait();
            take(request);
        }
    }

    private void Passed(ChainRequest request, ChainPassed passed)
    {
        if (!request.TryPass(passed, method))
        {
            log.Warning("what {0} has answered makes no sense", Sender.Path);
            Fail(passed.Id, "a worker node has sent what is no answer: see that all nodes have the same release of noprop");
        }
        else if (request.At.Over || request.At.Versions.Length == method.Blocks)
        {
            requests.Remove(passed.Id);
            Context.Parent.Tell(request.At);
        }
        else
        {
            Go(passed.Id);
        }
    }

    private void Fail(long id, string reason)
    {
        if (requests.Remove(id, out ChainRequest? request))
        {
            Context.Parent.Tell(new DenoiseFailed(request.At, reason));
        }
    }

    private void Retry()
    {
        foreach (long id in requests.Where(request => request.Value.Node is null).Select(request => request.Key).ToArray())
        {
            Go(id);
        }
    }

    private void GiveUp()
    {
        foreach (long id in requests.Where(request => request.Value.Node is null && ++request.Value.Waited > PatienceInTicks).Select(request => request.Key).ToArray())
        {
            Fail(id, "the worker nodes of the chain are not ready, or have no room for more images: ask again in a moment");
        }
    }

    /// <summary>Images are there for as long as who has asked keeps them, which is until the last request about them is answered.</summary>
    private void ForgetImages()
    {
        foreach (ChainBatch over in batches.Values.Where(batch => batch.Images.IsInvalid).ToArray())
        {
            batches.Remove(over.Images);
            foreach (ChainNode node in nodes.Values.Where(node => node.Images.Remove(over)))
            {
                node.Link.Tell(new ChainImagesOver(over.Number));
            }
        }
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
