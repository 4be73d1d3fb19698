using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Inference;

public sealed class ChainTests() : TestKit(SettingsLoader.Load().Config)
{
    private static readonly RunPlan Plan = Runs.OnDigits();
    private static readonly ImmutableArray<Snapshot> Untrained = Snapshots();

    [Fact]
    public void A_block_without_a_snapshot_is_named_in_the_answer()
    {
        IActorRef chain = Chain([.. Untrained.Where(snapshot => snapshot.Name != "block-03")]);

        chain.Tell(Request(count: 2), TestActor);

        Assert.Equal(new ClassifyFailed(7, "block 3 has no snapshot yet: it has not been trained"), ExpectMsg<ClassifyFailed>());
    }

    [Fact]
    public void A_missing_classifier_is_named_in_the_answer()
    {
        IActorRef chain = Chain([.. Untrained.Where(snapshot => snapshot.Name != "head")]);

        chain.Tell(Request(count: 2), TestActor);

        Assert.Equal(new ClassifyFailed(7, "the classifier has no snapshot yet: it has not been trained"), ExpectMsg<ClassifyFailed>());
    }

    [Fact]
    public void A_state_of_a_block_that_was_lent_goes_back_when_the_next_one_has_come()
    {
        IActorRef chain = Sys.ActorOf(InferenceActor.Props(Plan.Method));
        chain.Tell(new PublishSnapshots(Untrained) { Lent = true }, TestActor);
        Snapshot next = Trained(new BlockId(2), 1);

        chain.Tell(new PublishSnapshots([next]) { Lent = true }, TestActor);

        Assert.Same(Untrained[1], ExpectMsg<SnapshotReturned>().Snapshot);
        Assert.Equal([0L, 1, 0, 0], Ask(chain, Request(count: 2)).Versions.Select(version => version));
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Every_depth_gives_probabilities_of_every_class_for_every_image()
    {
        Classified answer = Ask(Chain(Untrained), Request(count: 3));

        Assert.All(
            answer.Probabilities.SelectMany(depth => depth.Chunk(answer.Classes)), row => Assert.Equal((10, 1.0), (row.Length, Math.Round(row.Sum(), 5))));
        Assert.Equal([30, 30, 30, 30], answer.Probabilities.Select(depth => depth.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_answer_does_not_depend_on_the_images_beside_it(bool stochastic)
    {
        IActorRef chain = Chain(Untrained);

        float[] together = Ask(chain, Request(count: 6, stochastic: stochastic)).Probabilities[^1];
        float[] apart =
        [
            .. Ask(chain, Request(first: 0, count: 2, stochastic: stochastic)).Probabilities[^1],
            .. Ask(chain, Request(first: 2, count: 4, stochastic: stochastic)).Probabilities[^1],
        ];

        // Not bit for bit: a convolution may sum in another order for another batch size.
        Assert.All(together.Zip(apart), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Noise_changes_with_its_seed()
    {
        IActorRef chain = Chain(Untrained);

        Assert.NotEqual(Ask(chain, Request(count: 1, seed: 1)).Probabilities[0], Ask(chain, Request(count: 1, seed: 2)).Probabilities[0]);
    }

    [Fact]
    public void The_newest_snapshot_answers()
    {
        IActorRef chain = Chain(Untrained);
        Ask(chain, Request(count: 1));

        chain.Tell(new PublishSnapshots([Trained(new BlockId(2), steps: 3)]));

        Assert.Equal([0L, 3, 0, 0], Ask(chain, Request(count: 1)).Versions.AsEnumerable());
    }

    [Fact]
    public void A_newer_snapshot_changes_the_answer_from_its_block_on()
    {
        IActorRef chain = Chain(Untrained);
        Classified before = Ask(chain, Request(count: 1));

        chain.Tell(new PublishSnapshots([Trained(new BlockId(2), steps: 3)]));
        Classified after = Ask(chain, Request(count: 1));

        Assert.Equal([true, false, false, false], before.Probabilities.Zip(after.Probabilities, (old, young) => old.SequenceEqual(young)));
    }

    [Fact]
    public void A_damaged_snapshot_is_answered_with_a_failure_and_a_good_one_works_again()
    {
        IActorRef chain = Chain(Untrained);
        chain.Tell(new PublishSnapshots([new Snapshot("block-02", 1, new byte[3])]));
        chain.Tell(Request(count: 1), TestActor);
        Assert.StartsWith("block 2: ", ExpectMsg<ClassifyFailed>().Reason, StringComparison.Ordinal);

        chain.Tell(new PublishSnapshots([Trained(new BlockId(2), steps: 2)]));

        Assert.Equal(2, Ask(chain, Request(count: 1)).Versions[1]);
    }

    [Fact]
    public void A_block_that_throws_is_answered_with_a_failure_and_the_next_request_works()
    {
        IActorRef chain = Chain(Untrained, new FaultyChain(Plan.Method) { DenoiserFailures = 1 });

        chain.Tell(Request(count: 1), TestActor);
        Assert.Equal("block 4: out of luck", ExpectMsg<ClassifyFailed>().Reason);

        Assert.Equal(4, Ask(chain, Request(count: 1)).Versions.Length);
    }

    [Fact]
    public void A_classifier_that_throws_is_answered_with_a_failure_and_the_next_request_works()
    {
        IActorRef chain = Chain(Untrained, new FaultyChain(Plan.Method) { ClassifierFailures = 1 });

        chain.Tell(Request(count: 1), TestActor);
        Assert.Equal("the classifier: out of luck", ExpectMsg<ClassifyFailed>().Reason);

        Assert.Equal(4, Ask(chain, Request(count: 1)).Versions.Length);
    }

    private IActorRef Chain(ImmutableArray<Snapshot> snapshots, IMethod? method = null)
    {
        IActorRef chain = Sys.ActorOf(InferenceActor.Props(method ?? Plan.Method));
        chain.Tell(new PublishSnapshots(snapshots));
        return chain;
    }

    private Classified Ask(IActorRef chain, Classify request)
    {
        chain.Tell(request, TestActor);
        return ExpectMsg<Classified>();
    }

    private static Classify Request(long first = 0, long count = 1, bool stochastic = false, ulong seed = 1) => new(
        7, Plan.Dataset.Normalise(Plan.Dataset.Test.Images.narrow(0, first, count)), first, new InferenceNoise(seed, 0, stochastic));

    private static ImmutableArray<Snapshot> Snapshots()
    {
        using IHeadCompute head = Plan.Method.CreateHead(null);
        return [.. BlockId.UpTo(Plan.Method.Blocks).Select(block => Trained(block, 0)), head.Snapshot()];
    }

    private static Snapshot Trained(BlockId block, int steps)
    {
        BatchSource batches = Plan.Batches();
        using IBlockCompute compute = Plan.Method.CreateBlock(block, null);
        for (int step = 0; step < steps; step++)
        {
            using Batch batch = batches.Prepare(step);
            compute.Step(batch);
        }

        return compute.Snapshot();
    }

    /// <summary>A method whose last block and classifier fail at inference a few times.</summary>
    private sealed class FaultyChain(IMethod inner) : IMethod
    {
        public int DenoiserFailures { get; set; }

        public int ClassifierFailures { get; set; }

        public int Blocks => inner.Blocks;

        public int EmbeddingSize => inner.EmbeddingSize;

        public int Classes => inner.Classes;

        public bool Coupled => inner.Coupled;

        public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default) => inner.CreateBlock(block, from, device);

        public IHeadCompute CreateHead(Snapshot? from) => inner.CreateHead(from);

        public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) => block.Value == Blocks
            ? new FaultyDenoiser(this, inner.CreateDenoiser(block, from, head, device))
            : inner.CreateDenoiser(block, from, head, device);

        public IClassifierCompute CreateClassifier(Snapshot from) =>
            ClassifierFailures-- > 0 ? throw new InvalidOperationException("out of luck") : inner.CreateClassifier(from);
    }

    private sealed class FaultyDenoiser(FaultyChain method, IDenoiserCompute compute) : IDenoiserCompute
    {
        public Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps) =>
            method.DenoiserFailures-- > 0 ? throw new InvalidOperationException("out of luck") : compute.Denoise(images, z, eps);

        public void Dispose() => compute.Dispose();
    }
}
