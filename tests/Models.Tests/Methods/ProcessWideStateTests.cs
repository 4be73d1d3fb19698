using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

/// <summary>
/// Blocks on many threads share libtorch's one generator. A run that read or moved it would depend on who computes what and when.
/// </summary>
[Collection(ProcessWideCollection.Name)]
public sealed class ProcessWideStateTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method(NetworkSettings.Paper, TestData.Mnist);

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Building_and_training_a_block_and_the_head_leaves_libtorchs_generator_alone()
    {
        byte[] before = random.get_rng_state().Bits();

        TrainOneStep();

        Assert.Equal(before, random.get_rng_state().Bits());
    }

    [Fact]
    public void A_trained_block_does_not_depend_on_libtorchs_generator()
    {
        manual_seed(1);
        string first = TrainOneStep();
        manual_seed(2);

        Assert.Equal(first, TrainOneStep());
    }

    [Fact]
    public void Training_and_inference_keep_no_tensor_alive()
    {
        TrainOneStep();
        long before = CountTensors();

        TrainOneStep();

        Assert.Equal(before, Tensor.TotalCount);
    }

    /// <summary>Without those that earlier tests left to the garbage collector.</summary>
    private static long CountTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    private string TrainOneStep()
    {
        using DisposeScope step = NewDisposeScope();
        using Batch batch = TestData.RandomBatch(0, TestData.Mnist, 4);
        using IBlockCompute block = method.CreateBlock(new BlockId(1), null);
        using IHeadCompute head = method.CreateHead(null);
        block.Step(batch);
        head.Step(batch.Labels);
        Snapshot snapshot = block.Snapshot();
        using IDenoiserCompute denoiser = method.CreateDenoiser(new BlockId(1), snapshot);
        using IClassifierCompute classifier = method.CreateClassifier(head.Snapshot());
        classifier.Probabilities(denoiser.Denoise(batch.Images, new InferenceNoise(1, 0, false).Start(0, 4, TestData.Classes), null));
        return snapshot.Bits();
    }
}
