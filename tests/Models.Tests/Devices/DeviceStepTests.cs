using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using NoProp.Models.Randomness;
using NoProp.Models.Stacks;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Devices;

/// <summary>A block on another device: everything in a step is there, and what comes back is what the CPU gives.</summary>
[Collection(SecondDeviceCollection.Name)]
public sealed class DeviceStepTests(SecondDevice second) : IDisposable
{
    private static readonly NetworkSettings Paper =
        NetworkSettings.Paper with { Channels = [2, 4, 4], ImageFeatures = 8, LabelFeatures = 8, Hidden = [16, 12] };

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    /// <summary>Every method, with every part that only some settings have: learned and prototype embeddings, dropout and normalisation, noise on the path.</summary>
    public static TheoryData<MethodKind, string, bool> Methods => new()
    {
        { MethodKind.Dt, "one-hot", false },
        { MethodKind.Dt, "one-hot", true },
        { MethodKind.Dt, "learned:6", false },
        { MethodKind.Dt, "prototype", false },
        { MethodKind.Ct, "one-hot", true },
        { MethodKind.Ct, "learned:6", false },
        { MethodKind.Fm, "one-hot", true },
        { MethodKind.Fm, "learned:6", false },
        { MethodKind.Backprop, "one-hot", true },
        { MethodKind.Backprop, "learned:6", false },
        { MethodKind.Adjoint, "one-hot", true },
        { MethodKind.Adjoint, "learned:6", false },
    };

    [Fact]
    public void The_second_device_does_not_mix_with_the_CPU()
    {
        Tensor here = ones(2, ScalarType.Float32);
        Tensor there = here.to(second.Device.Torch);

        Assert.Equal([1, 1], there.Floats());
        Assert.ThrowsAny<Exception>(() => (there * here).Floats());
        Assert.ThrowsAny<Exception>(() => there.bytes.Length);
    }

    [Fact]
    public void Dropout_masks_on_another_device_are_drawn_there_and_have_the_bits_of_the_CPUs()
    {
        (long[] Shape, long Offset)[] masks = [([3, 5], 0), ([2, 3, 4], 1L << 30)];
        NoiseKey key = new(1ul << 40, NoiseStream.Dropout, 3, 1L << 40);

        Tensor[] drawn = DeviceNoise.DropoutMasks([key], 0.2, masks, second.Device.Torch);

        Assert.All(drawn, mask => Assert.Equal(second.Device.Type, mask.device_type));
        Assert.Equal(masks.Select(mask => Noise.DropoutMask(key, 0.2, mask.Shape, mask.Offset).Values()), drawn.Select(mask => mask.Floats()));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void An_objective_on_another_device_has_all_it_needs_there(MethodKind kind, string embedding, bool paper)
    {
        IMethod method = Method(kind, embedding, paper);

        float expected = Forward(ComputeDevice.Cpu).Error.item<float>();
        Objective actual = Forward(second.Device);

        Assert.All([actual.Descend, actual.Loss, actual.Error], tensor => Assert.Equal(second.Device.Type, tensor.device_type));
        Near([expected], [actual.Error.item<float>()]);

        Objective Forward(ComputeDevice device)
        {
            using IHeadCompute head = method.CreateHead(from: null);
            using BlockTraining block = (BlockTraining)method.CreateBlock(new BlockId(method.Blocks), from: null, device);
            return block.Forward(Batch(0, paper), method.Coupled ? head.Shared : null).Result;
        }
    }

    // The lazy device makes a double of the product of two single numbers, which fails later, and leaves running statistics as they are: without
    // the methods whose loss is weighed, and without batch normalisation.
    [Theory]
    [InlineData(MethodKind.Fm, "one-hot", true)]
    [InlineData(MethodKind.Fm, "learned:6", false)]
    [InlineData(MethodKind.Backprop, "one-hot", false)]
    [InlineData(MethodKind.Backprop, "learned:6", false)]
    [InlineData(MethodKind.Adjoint, "one-hot", true)]
    [InlineData(MethodKind.Adjoint, "learned:6", false)]
    public void Steps_on_another_device_end_near_those_on_the_CPU(MethodKind kind, string embedding, bool paper)
    {
        IMethod method = Method(kind, embedding, paper);

        (Snapshot expected, StepLoss[] losses, float[] gradients) = Train(method, paper, ComputeDevice.Cpu);
        (Snapshot actual, StepLoss[] lossesThere, float[] gradientsThere) = Train(method, paper, second.Device);

        Near(losses.Select(step => step.Loss), lossesThere.Select(step => step.Loss));
        Near(losses.Select(step => step.SquaredError), lossesThere.Select(step => step.SquaredError));
        Near(gradients, gradientsThere);
        // A gradient of almost nothing moves a weight by the learning rate, this way or that.
        Near(Values(expected), Values(actual), 5e-3);
    }

    // What is on the meta device has a shape and no values, so whoever asks for one gets an exception. It has no convolutions.
    [Theory]
    [InlineData(OptimiserKind.AdamW)]
    [InlineData(OptimiserKind.Adam)]
    public void A_step_reads_nothing_from_its_device(OptimiserKind kind)
    {
        ParameterSet parameters = new();
        Parameter weight = parameters.AddUniform("weight", [TestData.Digit.Pixels, TestData.Classes], 0.1f);
        parameters.Build(TestData.Key());
        SharedLayout layout = new(1, TestData.Classes, TestData.Classes, new(ClassProbabilityKind.Softmax));
        using BlockTraining block = new(
            new BlockId(1), [new(parameters)], layout, coupled: false, count => Optimiser.Create(kind, count, 1e-3, 1e-3), from: null,
            new ComputeDevice(DeviceType.META, 0), replicas: 1, Objective);

        block.Step(Batch(0, paper: false), version: null);
        block.Step(Batch(1, paper: false), version: null);

        Assert.ThrowsAny<Exception>(() => block.ReadLosses());

        Objective Objective(Batch batch, SharedTensors shared)
        {
            Tensor noise = Noise.Normal(TestData.Key(batch.Step), [batch.Count, TestData.Classes]).OnDeviceOf(batch.Images);
            Tensor error = DiscreteTime.SquaredError(shared.Output(batch.Images.flatten(1).matmul(weight.Value)), noise);
            return new(error.Times(0.5), error.Times(0.5), error, new Trunk());
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_snapshot_goes_from_one_device_to_another_bit_for_bit(MethodKind kind, string embedding, bool paper)
    {
        IMethod method = Method(kind, embedding, paper);
        (Snapshot trained, _, _) = Train(method, paper, ComputeDevice.Cpu);
        BlockId block = new(method.Blocks);

        using IBlockCompute there = method.CreateBlock(block, trained, second.Device);
        using IBlockCompute back = method.CreateBlock(block, there.Snapshot(), new ComputeDevice(DeviceType.CPU, 1));

        Assert.Equal(trained.Bits(), there.Snapshot().Bits());
        Assert.Equal(trained.Bits(), back.Snapshot().Bits());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_CPU_that_stands_in_for_a_device_gives_the_bits_of_the_CPU(MethodKind kind, string embedding, bool paper)
    {
        IMethod method = Method(kind, embedding, paper);

        (Snapshot expected, _, _) = Train(method, paper, ComputeDevice.Cpu);
        (Snapshot actual, _, _) = Train(method, paper, new ComputeDevice(DeviceType.CPU, 1));

        Assert.Equal(expected.Bits(), actual.Bits());
    }

    [Theory]
    [InlineData(MethodKind.Fm, "learned:6")]
    [InlineData(MethodKind.Backprop, "one-hot")]
    public void A_gradient_by_what_is_shared_is_near_that_of_the_CPU(MethodKind kind, string embedding)
    {
        IMethod method = Method(kind, embedding, paper: false);
        using IHeadCompute head = method.CreateHead(from: null);
        using IBlockCompute here = method.CreateBlock(new BlockId(1), from: null);
        using IBlockCompute there = method.CreateBlock(new BlockId(1), from: null, second.Device);
        Batch batch = Batch(0, paper: false);

        ImmutableArray<float> expected = here.SharedGradient(batch, head.Shared);

        Assert.Contains(expected, value => value != 0);
        Near(expected, there.SharedGradient(batch, head.Shared));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_denoiser_on_another_device_answers_near_one_on_the_CPU(MethodKind kind, string embedding, bool paper)
    {
        IMethod method = Method(kind, embedding, paper);
        (Snapshot trained, _, _) = Train(method, paper, ComputeDevice.Cpu);
        using IHeadCompute head = method.CreateHead(from: null);
        BlockId block = new(method.Blocks);
        InferenceNoise noise = new(3, 0, Stochastic: true);
        Batch batch = Batch(9, paper);

        float[] Answer(ComputeDevice device)
        {
            using IDenoiserCompute denoiser = method.CreateDenoiser(block, trained, method.Coupled ? head.Snapshot() : null, device);
            Tensor z = denoiser.Denoise(batch.Images, noise.Start(0, batch.Count, method.EmbeddingSize), step => noise.Step(step, 0, batch.Count, method.EmbeddingSize));
            return z.Values();
        }

        Near(Answer(ComputeDevice.Cpu), Answer(second.Device));
    }

    [Fact]
    public void A_stack_on_another_device_ends_near_one_on_the_CPU()
    {
        DiscreteTime method = TestData.Method(TestData.Tiny with { Channels = [16, 16] }, blocks: 2);
        BlockId[] blocks = [new(1), new(2)];

        (float[] Losses, float[] Values) Train(ComputeDevice device)
        {
            using IStackCompute stack = method.Stacks!(device);
            Array.ForEach(blocks, block => stack.Join(block, from: null));
            stack.Step([.. blocks.Select(block => new StackStep(block, Batch(0, paper: false)))]);
            stack.Step([new(blocks[0], Batch(1, paper: false))]);
            stack.Step([new(blocks[0], Batch(2, paper: false)), new(blocks[1], Batch(1, paper: false))]);
            return (
                [.. blocks.SelectMany(block => stack.ReadLosses(block)).SelectMany(loss => new[] { loss.Loss, loss.SquaredError })],
                [.. blocks.SelectMany(block => Values(stack.Snapshot(block)))]);
        }

        (float[] losses, float[] values) = Train(ComputeDevice.Cpu);
        (float[] lossesThere, float[] valuesThere) = Train(second.Device);
        Near(losses, lossesThere);
        Near(values, valuesThere, 5e-3);
    }

    private static IMethod Method(MethodKind kind, string embedding, bool paper)
    {
        Assert.True(EmbeddingSettings.TryParse(embedding, out EmbeddingSettings? settings));
        ImageShape shape = paper ? TestData.Mnist : TestData.Digit;
        TrainingSettings training = TestData.Settings(paper ? Paper : null, blocks: 2) with
        {
            Method = kind,
            Embedding = settings,
            FlowSigma = 0.1,
            InferenceSteps = 3,
            SolverSteps = 1,
        };
        float[] Prototypes() => [.. Enumerable.Range(0, TestData.Classes * shape.Pixels).Select(i => MathF.Sin(i))];
        return kind switch
        {
            MethodKind.Dt => new DiscreteTime(training, shape, TestData.Classes, Prototypes),
            MethodKind.Ct => new ContinuousTime(training, shape, TestData.Classes),
            MethodKind.Fm => new FlowMatching(training, shape, TestData.Classes),
            MethodKind.Backprop => new Backpropagation(training, shape, TestData.Classes),
            _ => new AdjointOde(training, shape, TestData.Classes),
        };
    }

    private static Batch Batch(long step, bool paper) => TestData.RandomBatch(step, paper ? TestData.Mnist : TestData.Digit, count: 8);

    private static (Snapshot State, StepLoss[] Losses, float[] Gradients) Train(IMethod method, bool paper, ComputeDevice device)
    {
        using IHeadCompute head = method.CreateHead(from: null);
        using IBlockCompute block = method.CreateBlock(new BlockId(method.Blocks), from: null, device);
        float[] gradients = [.. Enumerable.Range(0, 2).SelectMany(step => block.Step(Batch(step, paper), method.Coupled ? head.Shared : null))];
        return (block.Snapshot(), [.. block.ReadLosses()], gradients);
    }

    private static float[] Values(Snapshot snapshot)
    {
        SafetensorsFile file = SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name);
        return [.. file.Entries.Keys.Order(StringComparer.Ordinal).SelectMany(name => MemoryMarshal.Cast<byte, float>(file.Data(name)).ToArray())];
    }

    private static void Near(IEnumerable<float> expected, IEnumerable<float> actual, double tolerance = 1e-4)
    {
        float[] values = [.. expected];
        float[] others = [.. actual];
        Assert.Equal(values.Length, others.Length);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], others[i], tolerance * Math.Max(1, Math.Abs(values[i])));
        }
    }
}
