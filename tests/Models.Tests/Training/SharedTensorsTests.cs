using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Tests.Equations;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Training;

/// <summary>The layout of what the blocks share: the same for the head that writes it and for the blocks that read it.</summary>
public sealed class SharedTensorsTests : IDisposable
{
    private const int Size = 6;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings settings = TestData.Settings() with { Embedding = new(EmbeddingKind.Learned, Size) };
    private readonly SharedLayout layout;
    private readonly ContinuousTime method;

    public SharedTensorsTests()
    {
        method = new(settings, TestData.Digit, TestData.Classes, () => []);
        layout = Exact.Context(settings).Layout(1, schedule: true);
    }

    public void Dispose() => scope.Dispose();

    [Fact]
    public void What_is_pinned_is_the_version_bit_for_bit()
    {
        using IHeadCompute head = Trained();

        Assert.Equal(head.Shared.Values, SharedTensors.Pin(layout, head.Shared).Flat!.Values());
    }

    [Fact]
    public void What_is_read_from_a_snapshot_is_the_version_bit_for_bit()
    {
        using IHeadCompute head = Trained();
        using Tensor read = SharedTensors.Read(layout, head.Snapshot());

        Assert.Equal(head.Shared.Values, read.Values());
    }

    [Fact]
    public void A_version_lists_the_tensors_of_a_snapshot_in_their_order()
    {
        using IHeadCompute head = Trained();
        string[] names =
        [
            "classifier.weight", "classifier.bias", "schedule.input.weight", "schedule.input.bias", "schedule.output.weight", "schedule.gamma0",
            "schedule.span", "embedding.weight",
        ];

        Assert.Equal(names.SelectMany(name => head.Snapshot().Values(name)), head.Shared.Values);
    }

    [Fact]
    public void The_pinned_W_is_the_W_of_the_snapshot()
    {
        using IHeadCompute head = Trained();

        Assert.Equal(head.Snapshot().Values("embedding.weight"), SharedTensors.Pin(layout, head.Shared).Embedding.Values());
    }

    [Fact]
    public void The_pinned_schedule_is_that_of_the_snapshot()
    {
        using IHeadCompute head = Trained();
        SharedReference reference = SharedReference.Reader(Size, schedule: true)(head.Shared.Doubles());
        float[] t = [0, 0.3f, 1];

        float[] gamma = SharedTensors.Pin(layout, head.Shared).Schedule.Gamma(tensor(t)).Values();

        Assert.All(t.Zip(gamma), pair => Assert.Equal(reference.Gamma(pair.First), pair.Second, 1e-5));
    }

    [Fact]
    public void Equation_14_the_pinned_classifier_gives_the_logits_of_the_snapshots()
    {
        using IHeadCompute head = Trained();
        using Classifier classifier = new(Size, TestData.Classes, TestData.Key());
        Tensor z = Noise.Normal(TestData.Key(1), [4, Size]);
        SharedVersion version = new(0, [.. classifier.Parameters.Flat.Values(), .. head.Shared.Values[(int)classifier.Parameters.Count..]]);

        float[] actual = SharedTensors.Pin(layout, version).LogProbabilities(z).exp().Values();

        Assert.All(classifier.Probabilities(z).Values().Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    /// <summary>After a step, so that no part holds what it begins with.</summary>
    private IHeadCompute Trained()
    {
        IHeadCompute head = method.CreateHead(null);
        head.Step(TestData.RandomBatch(0).Labels);
        return head;
    }
}
