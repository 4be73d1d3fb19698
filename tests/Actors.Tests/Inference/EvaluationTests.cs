using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using Xunit;

namespace NoProp.Actors.Tests.Inference;

/// <summary>The evaluation, with a test in the place of the chain.</summary>
public sealed class EvaluationTests : TestKit
{
    private const int BatchSize = 100;

    private readonly Dataset digits = Digits.Load(10);
    private readonly TestProbe chain;

    public EvaluationTests()
        : base(SettingsLoader.Load().Config) => chain = CreateTestProbe();

    [Fact]
    public void The_accuracy_of_each_depth_is_the_share_of_images_that_it_reads_right()
    {
        // Depth 1 reads a zero in every image, depth 2 reads every image right.
        double zeros = digits.Test.Labels.data<long>().ToArray().Count(label => label == 0) / 297.0;

        Evaluator().Tell(new Evaluate(4), TestActor);
        Answer(requests: 3);

        Assert.Equal([zeros, 1], ExpectMsg<Evaluated>().AccuracyPerBlock.AsEnumerable());
    }

    [Fact]
    public void The_answer_brings_back_the_epoch_that_was_asked_about()
    {
        Evaluator().Tell(new Evaluate(4), TestActor);
        Answer(requests: 3);

        Assert.Equal(4, ExpectMsg<Evaluated>().Epoch);
    }

    [Fact]
    public void Every_test_image_is_asked_about_once_for_each_draw_of_noise()
    {
        Evaluator(samples: 2).Tell(new Evaluate(1), TestActor);

        Assert.Equal(
            [(0, 0L, 100L), (0, 100L, 100L), (0, 200L, 97L), (1, 0L, 100L), (1, 100L, 100L), (1, 200L, 97L)],
            Answer(requests: 6).Select(request => (request.Noise.Sample, request.First, request.Images.shape[0])));
    }

    [Fact]
    public void A_failure_of_the_chain_is_the_answer()
    {
        Evaluator().Tell(new Evaluate(1), TestActor);
        for (int i = 0; i < 3; i++)
        {
            chain.Reply(new ClassifyFailed(chain.ExpectMsg<Classify>().Id, "block 2 is not itself"));
        }

        Assert.Equal(new EvaluationFailed(1, "block 2 is not itself"), ExpectMsg<EvaluationFailed>());
    }

    [Fact]
    public void Two_evaluations_are_answered_one_after_the_other()
    {
        IActorRef evaluator = Evaluator();
        evaluator.Tell(new Evaluate(1), TestActor);
        evaluator.Tell(new Evaluate(2), TestActor);

        Answer(requests: 6);

        Assert.Equal([1, 2], ReceiveN(2).Cast<Evaluated>().Select(evaluated => evaluated.Epoch));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        digits.Dispose();
    }

    private IActorRef Evaluator(int samples = 1) =>
        Sys.ActorOf(EvaluationActor.Props(chain, digits, new EvaluationSettings(BatchSize, samples, Stochastic: false, Seed: 1)));

    private List<Classify> Answer(int requests)
    {
        List<Classify> seen = [];
        for (int i = 0; i < requests; i++)
        {
            Classify request = chain.ExpectMsg<Classify>();
            seen.Add(request with { Images = TorchSharp.torch.empty(request.Images.shape) });
            long[] labels = digits.Test.Labels.narrow(0, request.First, request.Images.shape[0]).data<long>().ToArray();
            chain.Reply(new Classified(request.Id, 10, [Certain(labels.Select(_ => 0L)), Certain(labels)], [0, 0]));
        }

        return seen;
    }

    private static float[] Certain(IEnumerable<long> classes) =>
        [.. classes.SelectMany(wanted => Enumerable.Range(0, 10).Select(one => one == wanted ? 1f : 0f))];
}
