using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Precisions;

/// <summary>Training steps in every precision, on the CPU.</summary>
public sealed class StepPrecisionTests : IDisposable
{
    private static readonly NetworkSettings Compact = TestData.Tiny with { Channels = [16, 16] };

    private static readonly NetworkSettings Paper =
        NetworkSettings.Paper with { Channels = [16, 16, 16], ImageFeatures = 16, LabelFeatures = 16, Hidden = [16, 12] };

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    public static TheoryData<MethodKind, string, bool> Methods => new()
    {
        { MethodKind.Dt, "one-hot", false },
        { MethodKind.Dt, "one-hot", true },
        { MethodKind.Dt, "learned:6", false },
        { MethodKind.Ct, "one-hot", true },
        { MethodKind.Fm, "learned:6", false },
        { MethodKind.Backprop, "one-hot", true },
        { MethodKind.Adjoint, "one-hot", false },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_step_in_bf16_is_near_one_in_float32(MethodKind kind, string embedding, bool paper)
    {
        (Snapshot exact, BlockStep[] steps) = Train(kind, embedding, paper, Precision.Float32, steps: 1);
        (Snapshot rounded, BlockStep[] roundedSteps) = Train(kind, embedding, paper, Precision.Bf16, steps: 1);

        Assert.NotEqual(exact.Bits(), rounded.Bits());
        Assert.Equal(steps[0].Loss.Loss, roundedSteps[0].Loss.Loss, 0.03 * Math.Max(0.1, Math.Abs(steps[0].Loss.Loss)));
        Assert.InRange(Cosine(Gradient(exact), Gradient(rounded)), 0.98, 1.0001);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Steps_in_bf16_have_the_same_bits_every_time(MethodKind kind, string embedding, bool paper) => Assert.Equal(
        Train(kind, embedding, paper, Precision.Bf16, steps: 2).State.Bits(), Train(kind, embedding, paper, Precision.Bf16, steps: 2).State.Bits());

    [Theory]
    [MemberData(nameof(Methods))]
    public void On_a_CPU_tf32_is_float32_bit_for_bit(MethodKind kind, string embedding, bool paper) => Assert.Equal(
        Train(kind, embedding, paper, Precision.Float32, steps: 2).State.Bits(), Train(kind, embedding, paper, Precision.Tf32, steps: 2).State.Bits());

    [Fact]
    public void A_state_in_bf16_is_stored_as_one_in_float32()
    {
        SafetensorsFile exact = Parse(Train(MethodKind.Dt, "one-hot", paper: true, Precision.Float32, steps: 1).State);
        SafetensorsFile rounded = Parse(Train(MethodKind.Dt, "one-hot", paper: true, Precision.Bf16, steps: 1).State);

        Assert.Equal(Layout(exact), Layout(rounded));

        static IEnumerable<string> Layout(SafetensorsFile file) =>
            file.Entries.Values.Select(entry => $"{entry.Name} {entry.Dtype} {string.Join('x', entry.Shape)} {entry.Offset}").Order(StringComparer.Ordinal);
    }

    [Fact]
    public void A_chain_is_asked_in_the_precision_of_its_settings()
    {
        DiscreteTime exact = TestData.Method(Compact);
        DiscreteTime rounded = TestData.Method(Compact with { Precision = Precision.Bf16 });
        (Snapshot state, _) = Train(MethodKind.Dt, "one-hot", paper: false, Precision.Float32, steps: 1);

        float[] answer = Denoise(exact, state);
        float[] roundedAnswer = Denoise(rounded, state);

        Assert.NotEqual(answer, roundedAnswer);
        Assert.All(answer.Zip(roundedAnswer), pair => Assert.Equal(pair.First, pair.Second, 0.02));
    }

    private static float[] Denoise(DiscreteTime method, Snapshot state)
    {
        using IDenoiserCompute denoiser = method.CreateDenoiser(new BlockId(2), state);
        return denoiser.Denoise(TestData.RandomBatch(3).Images, new InferenceNoise(1, 0, Stochastic: false).Start(0, 32, TestData.Classes), null).Values();
    }

    private static (Snapshot State, BlockStep[] Steps) Train(MethodKind kind, string embedding, bool paper, Precision precision, int steps)
    {
        Assert.True(EmbeddingSettings.TryParse(embedding, out EmbeddingSettings? parsed));
        ImageShape shape = paper ? TestData.Mnist : TestData.Digit;
        TrainingSettings training = TestData.Settings((paper ? Paper : Compact) with { Precision = precision }, blocks: 2) with
        {
            Method = kind,
            Embedding = parsed,
            FlowSigma = 0.1,
            SolverSteps = 1,
        };
        IMethod method = kind switch
        {
            MethodKind.Dt => new DiscreteTime(training, shape, TestData.Classes),
            MethodKind.Ct => new ContinuousTime(training, shape, TestData.Classes),
            MethodKind.Fm => new FlowMatching(training, shape, TestData.Classes),
            MethodKind.Backprop => new Backpropagation(training, shape, TestData.Classes),
            _ => new AdjointOde(training, shape, TestData.Classes),
        };
        using IHeadCompute head = method.CreateHead(from: null);
        using IBlockCompute block = method.CreateBlock(new BlockId(method.Blocks), from: null);
        BlockStep[] made = [.. Enumerable.Range(0, steps).Select(step => block.StepAndRead(TestData.RandomBatch(step, shape), method.Coupled ? head.Shared : null))];
        return (block.Snapshot(), made);
    }

    // After one step the first moment is a tenth of the gradient.
    private static float[] Gradient(Snapshot state)
    {
        SafetensorsFile file = Parse(state);
        return [.. file.Entries.Keys
            .Where(name => name.StartsWith("optimizer.exp_avg.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .SelectMany(name => MemoryMarshal.Cast<byte, float>(file.Data(name)).ToArray())];
    }

    private static double Cosine(float[] a, float[] b)
    {
        double Product(float[] x, float[] y) => x.Zip(y, (left, right) => (double)left * right).Sum();
        return Product(a, b) / Math.Sqrt(Product(a, a) * Product(b, b));
    }

    private static SafetensorsFile Parse(Snapshot state) => SafetensorsFile.Parse(state.Safetensors, state.Name);
}
