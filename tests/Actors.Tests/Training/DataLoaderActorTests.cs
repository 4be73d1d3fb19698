using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Training;

public sealed class DataLoaderActorTests() : TestKit(SettingsLoader.Load().Config)
{
    private static readonly Dataset Images = Digits.Load(40);
    private static readonly ComputeDevice One = new(DeviceType.CPU, 1);
    private static readonly ComputeDevice Other = new(DeviceType.CPU, 2);

    [Fact]
    public void A_batch_is_prepared_once_for_all_who_ask()
    {
        IActorRef loader = Loader(blocks: 2);

        Assert.Same(Ask(loader, CreateTestProbe(), 0), Ask(loader, CreateTestProbe(), 0));
    }

    [Fact]
    public void A_batch_is_that_of_its_step()
    {
        using Batch expected = new BatchSource(Images, seed: 1, batchSize: 10).Prepare(3);

        Batch batch = Ask(Loader(blocks: 2), CreateTestProbe(), 3);

        Assert.Equal(expected.Labels.data<long>().ToArray(), batch.Labels.data<long>().ToArray());
    }

    [Fact]
    public void A_batch_is_freed_when_every_block_has_read_it()
    {
        IActorRef loader = Loader(blocks: 2);
        (TestProbe one, TestProbe other) = (CreateTestProbe(), CreateTestProbe());
        Batch batch = Ask(loader, one, 0);
        Ask(loader, other, 0);

        Release(loader, one, 0);
        Release(loader, other, 0);

        Assert.True(batch.Images.IsInvalid);
    }

    [Fact]
    public void A_batch_is_kept_until_every_block_has_read_it()
    {
        IActorRef loader = Loader(blocks: 2);
        TestProbe one = CreateTestProbe();
        Batch batch = Ask(loader, one, 0);

        Release(loader, one, 0);

        Assert.False(batch.Images.IsInvalid);
    }

    [Fact]
    public void A_batch_is_kept_while_anyone_reads_it_though_as_many_as_there_are_blocks_have()
    {
        IActorRef loader = Loader(blocks: 1);
        (TestProbe one, TestProbe other) = (CreateTestProbe(), CreateTestProbe());
        Batch batch = Ask(loader, one, 0);
        Ask(loader, other, 0);

        Release(loader, one, 0);

        Assert.False(batch.Images.IsInvalid);
    }

    [Fact]
    public void A_full_cache_frees_the_batch_that_was_used_longest_ago()
    {
        IActorRef loader = Loader(blocks: 2, capacity: 2);
        TestProbe reader = CreateTestProbe();
        Batch[] batches = [Read(loader, reader, 10), Read(loader, reader, 20), Read(loader, reader, 30)];

        Assert.Equal([true, true, false], batches.Select(batch => batch.Images.IsInvalid));
    }

    [Fact]
    public void A_full_cache_keeps_what_is_read()
    {
        IActorRef loader = Loader(blocks: 2, capacity: 1);
        TestProbe reader = CreateTestProbe();
        Batch batch = Ask(loader, reader, 10);

        Read(loader, reader, 20);
        Read(loader, reader, 30);

        Assert.False(batch.Images.IsInvalid);
    }

    [Fact]
    public void A_cache_full_of_batches_that_are_being_read_still_takes_another()
    {
        IActorRef loader = Loader(blocks: 2, capacity: 1);
        (TestProbe one, TestProbe other) = (CreateTestProbe(), CreateTestProbe());
        Batch reading = Ask(loader, one, 10);

        Batch next = Ask(loader, other, 20);

        Assert.Equal((false, 20L), (reading.Images.IsInvalid, next.Step));
        Assert.Same(reading, Ask(loader, other, 10)); // A restarted loader would have made another one.
    }

    [Fact]
    public void What_a_reader_held_is_given_back_when_it_ends()
    {
        IActorRef loader = Loader(blocks: 1);
        TestProbe reader = CreateTestProbe();
        Batch batch = Ask(loader, reader, 0);

        Sys.Stop(reader);

        AwaitCondition(() => batch.Images.IsInvalid, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public void A_batch_that_one_reader_has_twice_is_given_back_twice_when_it_ends()
    {
        IActorRef loader = Loader(blocks: 1);
        TestProbe reader = CreateTestProbe();
        Batch batch = Ask(loader, reader, 0);
        Ask(loader, reader, 0);

        Sys.Stop(reader);

        AwaitCondition(() => batch.Images.IsInvalid, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public void A_batch_that_was_freed_is_prepared_again_for_a_restarted_block()
    {
        IActorRef loader = Loader(blocks: 1);
        TestProbe reader = CreateTestProbe();
        Batch first = Read(loader, reader, 0);

        Batch second = Ask(loader, reader, 0);

        Assert.Equal((true, false), (first.Images.IsInvalid, second.Images.IsInvalid));
    }

    [Fact]
    public void Giving_back_what_was_not_lent_does_no_harm()
    {
        IActorRef loader = Loader(blocks: 2);
        TestProbe reader = CreateTestProbe();
        Batch batch = Ask(loader, reader, 0);

        Release(loader, reader, 77);
        Release(loader, CreateTestProbe(), 0);
        Release(loader, CreateTestProbe(), 78);

        Assert.Same(batch, Ask(loader, reader, 0)); // A restarted loader would have made another one.
    }

    [Fact]
    public void The_batch_after_the_newest_one_asked_for_is_prepared_ahead()
    {
        using Dataset images = Digits.Load(40);
        IActorRef loader = Sys.ActorOf(DataLoaderActor.Props(new BatchSource(images, seed: 1, batchSize: 10), 2, 1, 64));
        TestProbe reader = CreateTestProbe();
        Ask(loader, reader, 0);
        Settle(loader);

        // Nothing can be prepared any more.
        images.Train.Dispose();

        Assert.Equal(1, Ask(loader, reader, 1).Step);
    }

    [Fact]
    public void A_loader_that_ends_leaves_a_batch_that_is_being_read_alone()
    {
        IActorRef loader = Loader(blocks: 2);
        TestProbe reader = CreateTestProbe();
        (Batch reading, Batch idle) = (Ask(loader, reader, 0), Read(loader, reader, 1));
        reader.Watch(loader);

        Sys.Stop(loader);

        reader.ExpectTerminated(loader);
        Assert.Equal((false, true), (reading.Images.IsInvalid, idle.Images.IsInvalid));
    }

    [Fact]
    public void A_batch_is_prepared_once_for_each_device_however_many_blocks_ask_there()
    {
        IActorRef loader = Loader(blocks: 6);

        Batch[] one = [.. Enumerable.Range(0, 3).Select(_ => Ask(loader, CreateTestProbe(), 0, One))];
        Batch[] other = [.. Enumerable.Range(0, 3).Select(_ => Ask(loader, CreateTestProbe(), 0, Other))];

        Assert.All(one, batch => Assert.Same(one[0], batch));
        Assert.All(other, batch => Assert.Same(other[0], batch));
        Assert.NotSame(one[0], other[0]);
    }

    [Fact]
    public void A_batch_is_freed_on_every_device_when_every_block_has_read_it_somewhere()
    {
        IActorRef loader = Loader(blocks: 2);
        (TestProbe reader, TestProbe elsewhere) = (CreateTestProbe(), CreateTestProbe());
        Batch one = Ask(loader, reader, 0, One);
        Release(loader, reader, 0);
        Batch other = Ask(loader, elsewhere, 0, Other);
        bool kept = !one.Images.IsInvalid;

        Release(loader, elsewhere, 0);

        Assert.Equal((true, true, true), (kept, one.Images.IsInvalid, other.Images.IsInvalid));
    }

    [Fact]
    public void A_batch_is_prepared_ahead_on_the_device_that_has_come_so_far()
    {
        using Dataset images = Digits.Load(40);
        IActorRef loader = Sys.ActorOf(DataLoaderActor.Props(new BatchSource(images, seed: 1, batchSize: 10), 2, 1, 64));
        TestProbe reader = CreateTestProbe();
        Ask(loader, reader, 3, One);
        Ask(loader, reader, 0, Other);
        Settle(loader);

        // What is prepared from now on is black.
        images.Train.Images.zero_();

        Assert.All([Ask(loader, reader, 1, Other), Ask(loader, reader, 4, One)], batch => Assert.Contains(batch.Images.data<float>().ToArray(), value => value > -1));
    }

    [Fact]
    public void A_device_that_cannot_take_the_images_is_what_a_reader_there_is_told()
    {
        IActorRef loader = Loader(blocks: 2);
        TestProbe reader = CreateTestProbe();

        loader.Tell(new RequestBatch(0, new ComputeDevice(DeviceType.HIP, 0)), reader);

        Assert.EndsWith("set noprop.data.resident = off", reader.ExpectMsg<BatchFailed>().Reason, StringComparison.Ordinal);
        Assert.Equal(0, Ask(loader, reader, 0).Step);
    }

    private IActorRef Loader(int blocks, int prefetch = 1, int capacity = 64) =>
        Sys.ActorOf(DataLoaderActor.Props(new BatchSource(Images, seed: 1, batchSize: 10), blocks, prefetch, capacity, residence: Residence.On));

    private static Batch Ask(IActorRef loader, TestProbe reader, long step, ComputeDevice device = default)
    {
        loader.Tell(new RequestBatch(step, device), reader);
        return reader.ExpectMsg<BatchReady>().Batch;
    }

    private Batch Read(IActorRef loader, TestProbe reader, long step)
    {
        Batch batch = Ask(loader, reader, step);
        Release(loader, reader, step);
        return batch;
    }

    private void Release(IActorRef loader, TestProbe reader, long step)
    {
        loader.Tell(new ReleaseBatch(step), reader);
        Settle(loader);
    }

    /// <summary>Returns when the loader has done all that it was told so far.</summary>
    private void Settle(IActorRef loader)
    {
        TestProbe probe = CreateTestProbe();
        loader.Tell(new Identify(null), probe);
        probe.ExpectMsg<ActorIdentity>();
    }
}
