using System.Runtime.InteropServices;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>Hands the images of a run's mini-batches to nodes without a copy of their own. How many are under way to each is up to who asks.</summary>
public sealed class DataServerActor : ReceiveActor
{
    /// <summary>A server of images.</summary>
    /// <param name="source">Knows the images of each mini-batch.</param>
    public DataServerActor(BatchSource source) => Receive<RequestImages>(
        request =>
        {
            TorchRuntime.UseOneThread();
            using ImageSplit split = source.Pixels(request.Step);
            Sender.Tell(new ImagesReady(request.Step, split.Images.bytes.ToArray(), MemoryMarshal.AsBytes<long>(split.Labels.data<long>().ToArray()).ToArray()));
        },
        request => request.Step >= 0);

    /// <summary>Props on a thread of its own.</summary>
    public static Props Props(BatchSource source) => Akka.Actor.Props.Create(() => new DataServerActor(source)).WithDispatcher(Dispatchers.Loader);
}
