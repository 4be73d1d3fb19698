using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Stacks;

// The layers of Networks/Layers.cs for several members at once, each with weights of its own. Vectors of features are [members, batch, features]; images are
// [batch, members * channels, h, w], for a grouped convolution takes its groups from the channels.

/// <summary>y = x A^T + b.</summary>
internal sealed class StackedLinear(StackedParameters parameters, string name)
{
    private readonly Tensor weight = parameters[$"{name}.weight"];
    private readonly Tensor bias = parameters[$"{name}.bias"];
    private readonly Precision precision = parameters.Precision;

    /// <summary>[members, batch, inputs] to [members, batch, outputs].</summary>
    public Tensor Forward(Tensor x) => x.AsFactor(precision)
        .baddbmm(weight.AsFactor(precision).transpose(1, 2), bias.AsFactor(precision).unsqueeze(1)).FromProduct(precision);
}

/// <summary>A 3x3 convolution of stride 1.</summary>
internal sealed class StackedConvolution(StackedParameters parameters, string name, bool padded)
{
    private readonly Tensor weight = parameters[$"{name}.weight"];
    private readonly Tensor bias = parameters[$"{name}.bias"];
    private readonly long[] padding = padded ? [1, 1] : [0, 0];
    private readonly Precision precision = parameters.Precision;

    /// <summary>
    /// [batch, members * inputs, h, w], or [batch, inputs, h, w] of images that all members read, to [batch, members * outputs, h, w] if padded,
    /// otherwise [batch, members * outputs, h - 2, w - 2].
    /// </summary>
    public Tensor Forward(Tensor x) => Product(x).FromProduct(precision);

    /// <summary>Convolution, 2x2 max-pooling, ReLU.</summary>
    public Tensor ForwardPoolRelu(Tensor x) => Functional.relu(Functional.max_pool2d(Product(x), 2)).FromProduct(precision);

    private Tensor Product(Tensor x)
    {
        (long outputs, long inputs) = (weight.shape[1], weight.shape[2]);
        long groups = x.shape[1] / inputs;
        (Tensor images, Tensor kernels, Tensor biases) = (x.AsFactor(precision), weight.AsFactor(precision), bias.AsFactor(precision));
        if (groups == 1)
        {
            return Convolution.Convolve(images, kernels.flatten(0, 1), biases.flatten(), padding);
        }

        return x.device_type != DeviceType.CPU || OneDnn.IsRightForGroups(inputs, outputs)
            ? Functional.conv2d(images, kernels.flatten(0, 1), biases.flatten(), padding: padding, groups: groups)
            : cat([.. Enumerable.Range(0, (int)groups).Select(i => Convolution.Convolve(images.narrow(1, i * inputs, inputs), kernels.select(0, i), biases.select(0, i), padding))], 1);
    }
}

/// <summary>Batch normalisation over features in training, momentum 0.1, epsilon 1e-5.</summary>
internal sealed class StackedBatchNorm(StackedParameters parameters, string name)
{
    private readonly Tensor weight = parameters[$"{name}.weight"];
    private readonly Tensor bias = parameters[$"{name}.bias"];
    private readonly Tensor mean = parameters[$"{name}.running_mean"];
    private readonly Tensor variance = parameters[$"{name}.running_var"];

    /// <summary>[members, batch, features] to the same; moves the running statistics.</summary>
    /// <exception cref="NoPropException">The batch has a single row.</exception>
    public Tensor Forward(Tensor x)
    {
        BatchNorm.CheckTraining(x.shape[1]);

        // The rows of different members do not lie side by side: libtorch moves a copy.
        (Tensor means, Tensor variances) = (mean.clone().flatten(), variance.clone().flatten());
        Tensor y = Functional.batch_norm(x.transpose(0, 1).flatten(1), means, variances, weight.flatten(), bias.flatten(), training: true);
        mean.copy_(means.view_as(mean));
        variance.copy_(variances.view_as(variance));
        return y.view(x.shape[1], x.shape[0], x.shape[2]).transpose(0, 1);
    }
}

/// <summary>Inverted dropout of images.</summary>
/// <param name="probability">Probability that a value is dropped, in [0, 1).</param>
/// <param name="site">Which dropout of the network this is, 0..15.</param>
internal sealed class StackedDropout(double probability, int site)
{
    private readonly long offset = (long)site << 30;

    /// <summary>[batch, members * channels, h, w] to the same, with the mask that each member alone would have.</summary>
    /// <param name="x">Images.</param>
    /// <param name="keys">Where the masks are drawn, one key for each member.</param>
    public Tensor Forward(Tensor x, IReadOnlyList<NoiseKey> keys)
    {
        if (probability == 0)
        {
            return x;
        }

        long[] shape = [x.shape[0], x.shape[1] / keys.Count, x.shape[2], x.shape[3]];
        // The CPU is far slower at drawing by operations on tensors, and a GPU at getting masks from elsewhere.
        return x * (x.device_type == DeviceType.CPU
            ? cat([.. keys.Select(key => Noise.DropoutMask(key, probability, shape, offset))], 1)
            : DeviceNoise.DropoutMasks(keys, probability, [(shape, offset)], x.device)[0].transpose(0, 1).flatten(1, 2));
    }
}
