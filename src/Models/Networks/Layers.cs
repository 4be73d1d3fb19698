using NoProp.Models.Kernels;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

// libtorch's own modules draw initial weights and dropout masks from one global generator; these take an address instead.

/// <summary>y = x A^T + b. Initial weights and bias are uniform in +-1/sqrt(inputs), as in torch.nn.Linear.</summary>
internal sealed class Linear(ParameterSet parameters, string name, int inputs, int outputs)
{
    private readonly Parameter weight = parameters.AddUniform($"{name}.weight", [outputs, inputs], 1 / MathF.Sqrt(inputs));
    private readonly Parameter bias = parameters.AddUniform($"{name}.bias", [outputs], 1 / MathF.Sqrt(inputs));
    private readonly Precision precision = parameters.Precision;

    /// <summary>[batch, inputs] to [batch, outputs].</summary>
    public Tensor Forward(Tensor x) =>
        Functional.linear(x.AsFactor(precision), weight.Value.AsFactor(precision), bias.Value.AsFactor(precision)).FromProduct(precision);
}

/// <summary>A 3x3 convolution of stride 1. Initial values as in torch.nn.Conv2d.</summary>
internal sealed class Convolution(ParameterSet parameters, string name, int inputs, int outputs, bool padded, KernelKind kernels)
{
    private readonly Parameter weight = parameters.AddUniform($"{name}.weight", [outputs, inputs, 3, 3], 1 / MathF.Sqrt(inputs * 9));
    private readonly Parameter bias = parameters.AddUniform($"{name}.bias", [outputs], 1 / MathF.Sqrt(inputs * 9));
    private readonly long[] padding = padded ? [1, 1] : [0, 0];
    private readonly Precision precision = parameters.Precision;

    /// <summary>[batch, inputs, h, w] to [batch, outputs, h, w] if padded, otherwise [batch, outputs, h - 2, w - 2].</summary>
    public Tensor Forward(Tensor x) => Product(x).FromProduct(precision);

    /// <summary>Convolution, 2x2 max-pooling, ReLU. ReLU after the pool is the same function on a quarter of the values.</summary>
    public Tensor ForwardPoolRelu(Tensor x, ForwardPass pass) =>
        kernels == KernelKind.Fused && precision != Precision.Bf16 && PooledConvolution.Takes(x, weight.Value)
            ? pass.Trunk?.Forward(x, weight.Value, bias.Value, padded) ?? PooledConvolution.Apply(x, weight.Value, bias.Value, padded)
            : Functional.relu(Functional.max_pool2d(Product(x), 2)).FromProduct(precision);

    // Pool and ReLU choose among values, and so lose nothing where they are given rounded ones.
    private Tensor Product(Tensor x) => Convolve(x.AsFactor(precision), weight.Value.AsFactor(precision), bias.Value.AsFactor(precision), padding);

    /// <summary>The convolution of libtorch; on the CPU as a matrix product with patches where that is wrong.</summary>
    public static Tensor Convolve(Tensor x, Tensor weight, Tensor bias, long[] padding)
    {
        if (x.device_type != DeviceType.CPU || OneDnn.IsRightFor(weight.size(1), weight.size(0)))
        {
            return Functional.conv2d(x, weight, bias, padding: padding);
        }

        Tensor patches = Functional.unfold(x, kernel_size: 3, padding: padding[0]);
        long height = x.size(2) + 2 * padding[0] - 2;
        return weight.flatten(1).matmul(patches).Plus(bias.unsqueeze(1)).view(x.size(0), weight.size(0), height, -1);
    }
}

/// <summary>Batch normalisation over features, momentum 0.1, epsilon 1e-5.</summary>
internal sealed class BatchNorm(ParameterSet parameters, string name, int features)
{
    private readonly Parameter weight = parameters.AddConstant($"{name}.weight", [features], 1);
    private readonly Parameter bias = parameters.AddConstant($"{name}.bias", [features], 0);
    private readonly Parameter mean = parameters.AddStatistic($"{name}.running_mean", [features], 0);
    private readonly Parameter variance = parameters.AddStatistic($"{name}.running_var", [features], 1);

    /// <summary>[batch, features] to the same.</summary>
    /// <exception cref="NoPropException">In training, the batch has a single row.</exception>
    public Tensor Forward(Tensor x, ForwardPass pass)
    {
        if (pass.Training)
        {
            CheckTraining(x.size(0));
        }

        return Functional.batch_norm(x, mean.Value, variance.Value, weight.Value, bias.Value, pass.Training);
    }

    /// <summary>Refuses what libtorch would divide by 0 for, and leave a running variance that is not a number for good, without an error.</summary>
    /// <exception cref="NoPropException">The mini-batch has a single row.</exception>
    internal static void CheckTraining(long rows)
    {
        if (rows < 2)
        {
            throw new NoPropException("batch normalisation cannot train on a mini-batch of one image; choose a larger --batch or another --network");
        }
    }
}

/// <summary>Inverted dropout.</summary>
/// <param name="probability">Probability that a value is dropped, in [0, 1).</param>
/// <param name="site">Which dropout of the network this is, 0..15; each has its own range of random numbers.</param>
/// <param name="shape">Shape of what it drops values of, without the batch; needed where masks are drawn together.</param>
internal sealed class Dropout(double probability, int site, params long[] shape)
{
    private readonly long offset = (long)site << 30;

    private double Probability => probability;

    private int Site => site;

    /// <summary>
    /// The pass with the masks of some dropouts of one probability, drawn together on the images' device. On the CPU, which is far slower at
    /// that, each mask is drawn by itself when it is needed.
    /// </summary>
    /// <param name="dropouts">The dropouts.</param>
    /// <param name="images">What the pass begins with, [batch, ...].</param>
    /// <param name="pass">The pass.</param>
    public static ForwardPass Draw(IReadOnlyList<Dropout> dropouts, Tensor images, ForwardPass pass)
    {
        double probability = dropouts[0].Probability;
        if (images.device_type == DeviceType.CPU || pass.Dropout is not { } key || probability == 0)
        {
            return pass;
        }

        Tensor[] masks = DeviceNoise.DropoutMasks([key], probability, [.. dropouts.Select(dropout => dropout.Place(images.size(0)))], images.device);
        return pass with { Masks = dropouts.Zip(masks).ToDictionary(drawn => drawn.First.Site, drawn => drawn.Second.select(0, 0)) };
    }

    /// <summary>[batch, ...] to the same.</summary>
    public Tensor Forward(Tensor x, ForwardPass pass) => pass.Dropout is { } key && probability > 0
        ? x * (pass.Masks?[site] ?? Noise.DropoutMask(key, probability, x.shape, offset).OnDeviceOf(x))
        : x;

    private (long[] Shape, long Offset) Place(long batch) => ([batch, .. shape], offset);
}
