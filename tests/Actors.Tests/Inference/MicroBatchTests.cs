using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Inference;

/// <summary>How requests share batches, in virtual time, with a test in the place of the chain.</summary>
public sealed class MicroBatchTests : TestKit
{
    private const int Pixels = 4;

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(20);
    private static readonly DataDescription Data = new("test", new ImageShape(1, 2, 2), 255, 3, 0);
    private static readonly InferenceModel Model = new(Data.Shape, Data.PixelMax, ["a", "b", "c"], 2, null, new(9, 1, Stochastic: false));

    private readonly TestProbe chain;

    public MicroBatchTests()
        : base(VirtualTime.Settings.WithFallback(SettingsLoader.Load().Config)) => chain = CreateTestProbe();

    private VirtualTime Time => (VirtualTime)Sys.Scheduler;

    [Fact]
    public void Requests_that_come_within_the_window_pass_the_chain_together()
    {
        IActorRef batches = Batches();
        Ask(batches);
        Advance(batches, Window / 2);
        Ask(batches, images: 2);
        chain.ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Advance(batches, Window / 2);

        Assert.Equal(3, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void A_full_batch_does_not_wait_for_the_window()
    {
        IActorRef batches = Batches();

        Ask(batches, images: 3);
        Ask(batches);

        Assert.Equal(4, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void A_request_is_never_cut_in_two()
    {
        IActorRef batches = Batches();

        Ask(batches, images: 3);
        Ask(batches, images: 2);

        Assert.Equal(3, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void A_request_with_a_seed_passes_alone_and_at_once_each_draw_in_its_own_shape()
    {
        IActorRef batches = Batches();
        Ask(batches);

        Ask(batches, images: 2, change: request => request with { Seed = 5, Samples = 2 });

        Assert.Equal(
            [(2, new InferenceNoise(5, 0, false)), (2, new InferenceNoise(5, 1, false))],
            chain.ReceiveN(2).Cast<Classify>().Select(classify => (Size(classify), Assert.Single(classify.Rows).Noise)));
    }

    [Fact]
    public void The_noise_of_a_request_does_not_depend_on_its_place_in_the_batch()
    {
        IActorRef batches = Batches();

        Ask(batches, images: 2);
        Ask(batches, images: 2);

        Assert.Equal([new NoiseRows(new(9, 0, false), 0, 2), new NoiseRows(new(9, 0, false), 0, 2)], chain.ExpectMsg<Classify>().Rows.AsEnumerable());
    }

    [Fact]
    public void Requests_of_another_kind_do_not_share_a_batch()
    {
        IActorRef batches = Batches();

        Ask(batches, images: 2);
        Ask(batches, images: 2, change: request => request with { Depth = 1 });
        Advance(batches, Window);

        Assert.Equal([2, 2], chain.ReceiveN(2).Cast<Classify>().Select(Size));
    }

    [Fact]
    public void What_finds_no_room_in_the_queue_is_refused_at_once()
    {
        IActorRef batches = Batches();
        for (int i = 0; i < 4; i++)
        {
            Ask(batches, images: 4);
        }

        Ask(batches);

        Assert.Equal(new PredictFailed(PredictionProblem.Busy, "8 images wait already, of at most 8: ask again in a moment"), ExpectMsg<PredictFailed>());
    }

    [Fact]
    public void A_request_larger_than_the_queue_is_answered_when_nothing_else_waits()
    {
        Ask(Batches(), images: 9);

        Assert.Equal(9, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void A_batch_that_is_answered_makes_room_in_the_chain()
    {
        IActorRef batches = Batches();
        Ask(batches, images: 4);
        Ask(batches, images: 4);
        Ask(batches, images: 4);
        Classify first = chain.ReceiveN(2).Cast<Classify>().First();
        chain.ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Answer(batches, first);

        Assert.Equal(4, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void A_withdrawn_request_does_not_pass_the_chain()
    {
        IActorRef batches = Batches();
        Guid withdrawn = Ask(batches);
        Ask(batches, images: 2);

        batches.Tell(new WithdrawPredict(withdrawn));
        Advance(batches, Window);

        Assert.Equal(2, Size(chain.ExpectMsg<Classify>()));
    }

    [Fact]
    public void Each_asker_gets_the_rows_of_its_images()
    {
        IActorRef batches = Batches();
        TestProbe other = CreateTestProbe();
        Ask(batches, images: 1);
        batches.Tell(new Predict(Guid.NewGuid(), Request(3)), other);

        Answer(batches, chain.ExpectMsg<Classify>());

        Assert.Equal([0], ExpectMsg<Prediction>().Images.Select(image => image.Class));
        Assert.Equal([1, 2, 0], other.ExpectMsg<Prediction>().Images.Select(image => image.Class));
    }

    [Fact]
    public void The_probabilities_are_the_mean_over_the_draws()
    {
        IActorRef batches = Batches();
        Ask(batches, images: 1, change: request => request with { Samples = 4 });

        // Its four rows are certain of classes 0, 1, 2 and 0.
        Answer(batches, chain.ExpectMsg<Classify>());

        Assert.Equal([0.5f, 0.25f, 0.25f], Assert.Single(ExpectMsg<Prediction>().Images).Probabilities.AsEnumerable());
    }

    [Fact]
    public void An_image_is_answered_after_the_first_block_that_is_sure_enough_of_it()
    {
        IActorRef batches = Batches();
        Ask(batches, images: 2, change: request => request with { StopAt = 0.9 });
        Advance(batches, Window);
        Classify classify = chain.ExpectMsg<Classify>();

        chain.Reply(new Classified(classify.Id, 3, [[0.95f, 0.05f, 0, 0.5f, 0.5f, 0], [0, 1, 0, 0, 0, 1]], [7, 8]));

        Assert.Equal([(1, 0), (2, 2)], ExpectMsg<Prediction>().Images.Select(image => (image.Depth, image.Class)));
    }

    [Fact]
    public void A_failure_of_the_chain_is_the_answer_to_all_of_the_batch()
    {
        IActorRef batches = Batches();
        Ask(batches, images: 2);
        Ask(batches, images: 2);

        chain.Reply(new ClassifyFailed(chain.ExpectMsg<Classify>().Id, "block 2 has no snapshot yet"));

        Assert.Equal(Enumerable.Repeat<object>(new PredictFailed(PredictionProblem.NotReady, "block 2 has no snapshot yet"), 2), ReceiveN(2));
    }

    private static int Size(Classify classify) => (int)classify.Rows.Sum(rows => rows.Count);

    private static PredictionRequest Request(int images) => new(new float[images * Pixels]);

    // What was sent before has been received when the time goes on.
    private void Advance(IActorRef batches, TimeSpan time)
    {
        batches.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
        Time.Advance(time);
    }

    private IActorRef Batches() => Sys.ActorOf(MicroBatchActor.Props(chain, Model, Data, new InferenceSettings(Window, Batch: 4, Queue: 8), mostInChain: 2));

    private Guid Ask(IActorRef batches, int images = 1, Func<PredictionRequest, PredictionRequest>? change = null)
    {
        Guid id = Guid.NewGuid();
        batches.Tell(new Predict(id, change?.Invoke(Request(images)) ?? Request(images)), TestActor);
        return id;
    }

    /// <summary>Row i is certain of class i modulo 3.</summary>
    private static void Answer(IActorRef batches, Classify classify)
    {
        float[] certain = [.. Enumerable.Range(0, Size(classify)).SelectMany(row => Enumerable.Range(0, 3).Select(one => one == row % 3 ? 1f : 0f))];
        batches.Tell(new Classified(classify.Id, 3, [certain], [7, 8]));
    }
}
