using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Tests;

/// <summary>Small methods and batches, and ways to look into what they give.</summary>
internal static class TestData
{
    public const int Classes = 10;

    public static readonly ImageShape Digit = new(1, 8, 8);

    public static readonly ImageShape Mnist = new(1, 28, 28);

    /// <summary>The compact layout at an eighth of its usual width.</summary>
    public static readonly NetworkSettings Tiny =
        NetworkSettings.Compact with { Channels = [4, 8], ImageFeatures = 8, LabelFeatures = 8, Hidden = [16] };

    /// <summary>Numbers of a test's own: no run uses the block number 999.</summary>
    public static NoiseKey Key(long step = 0) => new(1234, NoiseStream.Policy, 999, step);

    /// <summary>Collects a test's tensors. Sums keep one order, so bits can be compared.</summary>
    public static DisposeScope OneThreadScope()
    {
        TorchRuntime.UseOneThread();
        return NewDisposeScope();
    }

    public static TrainingSettings Settings(NetworkSettings? network = null, int blocks = 3, ulong seed = 1) =>
        new(seed, network ?? Tiny, blocks, BatchSize: 32);

    public static DiscreteTime Method(NetworkSettings? network = null, ImageShape? shape = null, int blocks = 3, ulong seed = 1) =>
        new(Settings(network, blocks, seed), shape ?? Digit, Classes);

    /// <summary>A one-hot embedding, and a classifier whose logits are z itself.</summary>
    internal static SharedTensors PlainShared() => new(
        new SharedLayout(1, Classes, Classes, new(ClassProbabilityKind.Softmax)),
        cat([eye(Classes, dtype: ScalarType.Float32).flatten(), zeros(Classes, ScalarType.Float32)]));

    /// <summary>A batch of noise. The caller's scope owns it.</summary>
    public static Batch RandomBatch(long step, ImageShape? shape = null, int count = 32)
    {
        ImageShape size = shape ?? Digit;
        Tensor images = Noise.Normal(Key(step), [count, size.Channels, size.Height, size.Width]);
        return new Batch(step, images, tensor(Enumerable.Range(0, count).Select(i => (i * 7 + step) % Classes).ToArray()));
    }

    /// <summary>All bytes of a snapshot, clock and optimiser included, as a text that fits in a failure message.</summary>
    public static string Bits(this Snapshot snapshot) => Convert.ToHexStringLower(SHA256.HashData(snapshot.Safetensors.Span));

    /// <summary>All bits of a tensor, so that 0 and -0 differ.</summary>
    public static byte[] Bits(this Tensor tensor) => tensor.detach().contiguous().bytes.ToArray();

    /// <summary>One tensor of a snapshot.</summary>
    public static float[] Values(this Snapshot snapshot, string name) =>
        MemoryMarshal.Cast<byte, float>(SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name).Data(name)).ToArray();

    /// <summary>The values of a tensor, row by row.</summary>
    public static float[] Values(this Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    /// <summary>The rows of a matrix, as doubles.</summary>
    public static double[][] Rows(this Tensor matrix) =>
        [.. matrix.Values().Select(value => (double)value).Chunk((int)matrix.shape[1])];

    /// <summary>softmax in double precision.</summary>
    public static double[] Softmax(IReadOnlyList<double> logits)
    {
        double largest = logits.Max();
        double[] powers = [.. logits.Select(logit => Math.Exp(logit - largest))];
        return [.. powers.Select(power => power / powers.Sum())];
    }
}
