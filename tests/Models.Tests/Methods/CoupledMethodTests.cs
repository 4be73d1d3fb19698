using System.Collections.Immutable;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

/// <summary>Every method with every kind of embedding that it treats in its own way.</summary>
public sealed class CoupledMethodTests(ITestOutputHelper output) : IDisposable
{
    private static readonly NetworkSettings Small =
        NetworkSettings.Compact with { Channels = [8, 16], ImageFeatures = 16, LabelFeatures = 16, Hidden = [32] };

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(MethodKind.Dt, "learned:6", MomentSharing.Shared)]
    [InlineData(MethodKind.Dt, "learned:6", MomentSharing.PerBlock)]
    [InlineData(MethodKind.Dt, "prototype", MomentSharing.Shared)]
    [InlineData(MethodKind.Ct, "one-hot", MomentSharing.Shared)]
    [InlineData(MethodKind.Ct, "learned:6", MomentSharing.Shared)]
    [InlineData(MethodKind.Fm, "one-hot", MomentSharing.Shared)]
    [InlineData(MethodKind.Fm, "learned:6", MomentSharing.Shared)]
    [InlineData(MethodKind.Backprop, "one-hot", MomentSharing.Shared)]
    [InlineData(MethodKind.Backprop, "learned:6", MomentSharing.PerBlock)]
    [InlineData(MethodKind.Adjoint, "one-hot", MomentSharing.Shared)]
    [InlineData(MethodKind.Adjoint, "learned:6", MomentSharing.Shared)]
    public void Blocks_and_head_go_on_from_their_snapshots_bit_for_bit(MethodKind kind, string embedding, MomentSharing sharing)
    {
        using Dataset digits = Digits.Load(64);
        IMethod method = Method(kind, embedding, sharing, 1e-3, digits);
        BatchSource batches = new(digits, 1, 32);
        Snapshot[] middle = Train(method, batches, null, 0, 2);

        Snapshot[] unbroken = Train(method, batches, null, 0, 4);

        Assert.Equal(unbroken.Select(snapshot => snapshot.Bits()), Train(method, batches, middle, 2, 4).Select(snapshot => snapshot.Bits()));
    }

    [Theory]
    [InlineData(MethodKind.Dt, "learned:12", 8)]
    [InlineData(MethodKind.Dt, "prototype", 3)]
    [InlineData(MethodKind.Ct, "one-hot", 12)]
    [InlineData(MethodKind.Fm, "one-hot", 25)]
    [InlineData(MethodKind.Fm, "learned:12", 20)]
    [InlineData(MethodKind.Backprop, "one-hot", 8)]
    [InlineData(MethodKind.Adjoint, "one-hot", 4)]
    public void A_small_network_learns_the_digits_clearly_above_chance(MethodKind kind, string embedding, int epochs)
    {
        using Dataset digits = Digits.Load();
        IMethod method = Method(kind, embedding, MomentSharing.Shared, 5e-3, digits);

        IReadOnlyList<Snapshot> trained = PlainLoop.Train(method, new BatchSource(digits, 1, 32), epochs);

        // Chance is 0.1, give or take 0.02.
        double accuracy = Accuracy(method, trained, digits);
        output.WriteLine($"{accuracy:P1} of {digits.Test.Count} test images");
        Assert.InRange(accuracy, 0.25, 1);
    }

    private static IMethod Method(MethodKind kind, string embedding, MomentSharing sharing, double learningRate, Dataset digits)
    {
        Assert.True(EmbeddingSettings.TryParse(embedding, out EmbeddingSettings? settings));
        return MethodCatalog.Create(
            TestData.Settings(Small) with
            {
                Method = kind,
                Embedding = settings with { Moments = sharing },
                LearningRate = learningRate,
                Eta = kind == MethodKind.Ct ? 1 : 0.1,
                InferenceSteps = 50,
                SolverSteps = 1,
            },
            digits);
    }

    private static Snapshot[] Train(IMethod method, BatchSource batches, Snapshot[]? from, int begin, int end)
    {
        IBlockCompute[] blocks = [.. BlockId.UpTo(method.Blocks).Select(block => method.CreateBlock(block, from?[block.Index]))];
        using IHeadCompute head = method.CreateHead(from?[^1]);
        for (int step = begin; step < end; step++)
        {
            using Batch batch = batches.Prepare(step);
            foreach (BlockId block in BlockId.UpTo(method.Blocks))
            {
                ImmutableArray<float> gradient = blocks[block.Index].Step(batch, method.Coupled ? head.Shared : null);
                head.Step(batch.Labels, method.Coupled ? new SharedGradient(block, step, head.Shared.Version, gradient) : null);
            }
        }

        Snapshot[] snapshots = [.. blocks.Select(block => block.Snapshot()), head.Snapshot()];
        Array.ForEach(blocks, block => block.Dispose());
        return snapshots;
    }

    private static double Accuracy(IMethod method, IReadOnlyList<Snapshot> trained, Dataset digits)
    {
        Tensor images = digits.Normalise(digits.Test.Images);
        Tensor z = new InferenceNoise(1, 0, Stochastic: false).Start(0, digits.Test.Count, method.EmbeddingSize);
        foreach (BlockId block in BlockId.UpTo(method.Blocks))
        {
            using IDenoiserCompute denoiser = method.CreateDenoiser(block, trained[block.Index], trained[^1]);
            z = denoiser.Denoise(images, z, null);
        }

        using IClassifierCompute classifier = method.CreateClassifier(trained[^1]);
        long[] answers = classifier.Probabilities(z).argmax(1).data<long>().ToArray();
        return answers.Zip(digits.Test.Labels.data<long>(), (answer, label) => answer == label ? 1.0 : 0).Average();
    }
}
