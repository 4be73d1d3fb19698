using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Data;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>A loader whose images come from elsewhere.</summary>
public sealed class RemoteImagesTests : TestKit
{
    private static readonly Dataset Images = Digits.Load(40);

    private readonly TestProbe server;
    private readonly IActorRef images;

    public RemoteImagesTests()
        : base(SettingsLoader.Load().Config)
    {
        server = CreateTestProbe();
        images = Sys.ActorOf(DataServerActor.Props(new BatchSource(Images, seed: 1, batchSize: 10)));
    }

    [Fact]
    public void A_batch_of_images_from_elsewhere_is_that_of_images_that_are_here()
    {
        using Batch expected = new BatchSource(Images, seed: 1, batchSize: 10, Augmentation.Flip | Augmentation.Crop).Prepare(3);
        (IActorRef loader, TestProbe reader) = (Loader(), CreateTestProbe());

        loader.Tell(new RequestBatch(3), reader);
        Answer(loader, server.ExpectMsg<RequestImages>());

        Batch batch = reader.ExpectMsg<BatchReady>().Batch;
        Assert.Equal(expected.Images.data<float>().ToArray(), batch.Images.data<float>().ToArray());
        Assert.Equal(expected.Labels.data<long>().ToArray(), batch.Labels.data<long>().ToArray());
    }

    [Fact]
    public void Images_are_asked_for_once_for_all_who_want_the_batch()
    {
        IActorRef loader = Loader(prefetch: 1);
        (TestProbe one, TestProbe other) = (CreateTestProbe(), CreateTestProbe());
        loader.Tell(new RequestBatch(0), one);
        loader.Tell(new RequestBatch(0), other);

        Answer(loader, server.ExpectMsg<RequestImages>());

        Assert.Same(one.ExpectMsg<BatchReady>().Batch, other.ExpectMsg<BatchReady>().Batch);
        Assert.Equal(1, server.ExpectMsg<RequestImages>().Step); // The one ahead, and not the same one again.
    }

    [Fact]
    public void Images_are_asked_for_once_for_all_devices_which_have_a_batch_each()
    {
        IActorRef loader = Loader();
        (TestProbe one, TestProbe other, TestProbe late) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        loader.Tell(new RequestBatch(9, new ComputeDevice(DeviceType.CPU, 1)), one);
        loader.Tell(new RequestBatch(9, new ComputeDevice(DeviceType.CPU, 2)), other);

        Answer(loader, server.ExpectMsg<RequestImages>(asked => asked.Step == 9));
        Batch[] batches = [one.ExpectMsg<BatchReady>().Batch, other.ExpectMsg<BatchReady>().Batch];
        loader.Tell(new RequestBatch(9), late);

        batches = [.. batches, late.ExpectMsg<BatchReady>().Batch];
        Assert.Equal(3, batches.Distinct().Count());
        Assert.All(batches, batch => Assert.Equal(batches[0].Images.data<float>().ToArray(), batch.Images.data<float>().ToArray()));
    }

    [Fact]
    public void No_more_batches_are_under_way_than_are_prepared_ahead()
    {
        (IActorRef loader, TestProbe reader) = (Loader(prefetch: 2), CreateTestProbe());
        foreach (long step in (long[])[10, 11, 12, 13])
        {
            loader.Tell(new RequestBatch(step), reader);
        }

        RequestImages first = server.ExpectMsg<RequestImages>();
        server.ExpectMsg<RequestImages>();
        Settle(loader);
        Assert.False(server.HasMessages);

        Answer(loader, first);
        Assert.Equal(12, server.ExpectMsg<RequestImages>().Step);
    }

    [Fact]
    public void All_that_is_ahead_is_asked_for_where_the_first_batch_is_a_later_one()
    {
        Loader(prefetch: 3).Tell(new RequestBatch(8), CreateTestProbe());

        Assert.Equal([8L, 9L, 10L], server.ReceiveN(3).Cast<RequestImages>().Select(asked => asked.Step));
    }

    [Fact]
    public void Images_that_do_not_come_in_time_are_given_up_with_who_waits_for_whom_and_asked_for_again()
    {
        (IActorRef loader, TestProbe reader) = (Loader(patience: TimeSpan.FromMilliseconds(50)), CreateTestProbe());
        loader.Tell(new RequestBatch(7), reader);
        server.ExpectMsg(new RequestImages(7));

        Assert.StartsWith("two has waited 0.1 s for the images of step 7 from node1:4053, where the trainer is", reader.ExpectMsg<BatchFailed>().Reason);

        loader.Tell(new RequestBatch(7), reader);
        server.FishForMessage(message => message is RequestImages { Step: 7 });
    }

    [Fact]
    public void Images_that_are_too_few_for_the_step_are_refused()
    {
        (IActorRef loader, TestProbe reader) = (Loader(), CreateTestProbe());
        loader.Tell(new RequestBatch(0), reader);
        server.ExpectMsg<RequestImages>();

        loader.Tell(new ImagesReady(0, new byte[64], new byte[8]));

        Assert.StartsWith("node1:4053 has sent two what it cannot use: step 0 needs 10 images of 1x8x8", reader.ExpectMsg<BatchFailed>().Reason);
    }

    [Fact]
    public void A_label_that_is_no_class_is_refused()
    {
        (IActorRef loader, TestProbe reader) = (Loader(), CreateTestProbe());
        loader.Tell(new RequestBatch(0), reader);
        server.ExpectMsg<RequestImages>();
        byte[] labels = new byte[80];
        labels[8] = 10;

        loader.Tell(new ImagesReady(0, new byte[640], labels));

        reader.ExpectMsg<BatchFailed>();
    }

    [Fact]
    public void A_reader_that_ends_while_it_waits_is_told_nothing_more_and_the_batch_serves_others()
    {
        IActorRef loader = Loader();
        (TestProbe gone, TestProbe other) = (CreateTestProbe(), CreateTestProbe());
        loader.Tell(new RequestBatch(0), gone);
        RequestImages asked = server.ExpectMsg<RequestImages>();
        Sys.Stop(gone);
        Settle(loader);

        loader.Tell(new RequestBatch(0), other);
        Answer(loader, asked);

        Assert.Equal(0, other.ExpectMsg<BatchReady>().Batch.Step);
    }

    private IActorRef Loader(int prefetch = 4, TimeSpan? patience = null) => Sys.ActorOf(DataLoaderActor.Props(
        new BatchSource(DataDescription.Of(Images), seed: 1, batchSize: 10, Augmentation.Flip | Augmentation.Crop),
        blocks: 2, prefetch, capacity: 64, new(server, "two", "node1:4053", patience ?? TimeSpan.FromSeconds(30))));

    private void Answer(IActorRef loader, RequestImages asked) => images.Tell(asked, loader);

    /// <summary>Returns when the loader has done all that it was told so far.</summary>
    private void Settle(IActorRef loader)
    {
        TestProbe probe = CreateTestProbe();
        loader.Tell(new Identify(null), probe);
        probe.ExpectMsg<ActorIdentity>();
    }
}
