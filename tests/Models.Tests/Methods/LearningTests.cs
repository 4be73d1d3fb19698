using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

public sealed class LearningTests(ITestOutputHelper output) : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(Precision.Float32, 6, 0.8)]
    [InlineData(Precision.Bf16, 3, 0.7)]
    public void A_chain_of_blocks_that_never_met_in_training_reads_the_digits(Precision precision, int epochs, double least)
    {
        using Dataset digits = Digits.Load();
        NetworkSettings network = NetworkSettings.Compact with { Channels = [16, 32], Precision = precision };
        TrainingSettings settings = new(1, network, Blocks: 4, BatchSize: 32, LearningRate: 3e-3);
        DiscreteTime method = new(settings, digits.Shape, digits.Classes);

        IReadOnlyList<Snapshot> trained = PlainLoop.Train(method, new BatchSource(digits, 1, 32), epochs);

        double accuracy = Accuracy(method, trained, digits);
        output.WriteLine($"{accuracy:P1} of {digits.Test.Count} test images");
        Assert.InRange(accuracy, least, 1);
    }

    private static double Accuracy(DiscreteTime method, IReadOnlyList<Snapshot> trained, Dataset digits)
    {
        Tensor images = digits.Normalise(digits.Test.Images);
        Tensor z = new InferenceNoise(1, 0, Stochastic: false).Start(0, digits.Test.Count, method.EmbeddingSize);
        foreach (BlockId block in BlockId.UpTo(method.Blocks))
        {
            using IDenoiserCompute denoiser = method.CreateDenoiser(block, trained[block.Index]);
            z = denoiser.Denoise(images, z, null);
        }

        using IClassifierCompute classifier = method.CreateClassifier(trained[^1]);
        long[] answers = classifier.Probabilities(z).argmax(1).data<long>().ToArray();
        return answers.Zip(digits.Test.Labels.data<long>(), (answer, label) => answer == label ? 1.0 : 0).Average();
    }
}
