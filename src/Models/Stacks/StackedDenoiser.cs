using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Stacks;

/// <summary>Several <see cref="Denoiser"/>s of one shape that read z as a vector, in training.</summary>
/// <remarks>Which layers there are is seen from the parameters that one of them declares.</remarks>
internal sealed class StackedDenoiser
{
    private readonly StackedParameters parameters;
    private readonly Func<Tensor, IReadOnlyList<NoiseKey>, Tensor> image;
    private readonly Func<Tensor, Tensor> label;
    private readonly StackedLinear[] hidden;
    private readonly StackedBatchNorm[] norms;
    private readonly StackedLinear output;

    /// <summary>Networks on given memory.</summary>
    /// <param name="parameters">The memory; stays the caller's.</param>
    /// <param name="settings">Layout and dropout.</param>
    public StackedDenoiser(StackedParameters parameters, NetworkSettings settings)
    {
        this.parameters = parameters;
        (image, label) = settings.Kind switch
        {
            NetworkKind.Compact => (CompactImage(), CompactLabel()),
            NetworkKind.Paper => (PaperImage(settings.Dropout), PaperLabel()),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
        };
        hidden = [.. Enumerable.Range(1, settings.Hidden.Count).Select(i => Linear($"fused.fc{i}"))];
        norms = [.. Enumerable.Range(1, settings.Hidden.Count).Select(i => $"fused.norm{i}").Where(name => Has($"{name}.weight")).Select(BatchNorm)];
        output = Linear("fused.output");
    }

    /// <summary>Logits over the classes.</summary>
    /// <param name="images">[batch, members * channels, height, width], or [batch, channels, height, width] of images that all members read.</param>
    /// <param name="z">z_{t-1}, [members, batch, d].</param>
    /// <param name="dropout">Where dropout masks are drawn, one key for each member.</param>
    /// <returns>[members, batch, m].</returns>
    public Tensor Logits(Tensor images, Tensor z, IReadOnlyList<NoiseKey> dropout)
    {
        Tensor h = cat([image(images, dropout), label(z)], 2);
        for (int i = 0; i < hidden.Length; i++)
        {
            h = hidden[i].Forward(h);
            h = Functional.relu(i < norms.Length ? norms[i].Forward(h) : h);
        }

        return output.Forward(h);
    }

    /// <summary>conv 3x3 padded, pool, conv 3x3 padded, pool, fully connected.</summary>
    private Func<Tensor, IReadOnlyList<NoiseKey>, Tensor> CompactImage()
    {
        StackedConvolution first = new(parameters, "image.conv1", padded: true);
        StackedConvolution second = new(parameters, "image.conv2", padded: true);
        StackedLinear last = Linear("image.output");
        return (images, _) => last.Forward(Features(second.ForwardPoolRelu(first.ForwardPoolRelu(images))));
    }

    /// <summary>Three unpadded convolutions with dropout, or four for large images, two pools, or three, fully connected, then batch normalisation.</summary>
    private Func<Tensor, IReadOnlyList<NoiseKey>, Tensor> PaperImage(double probability)
    {
        StackedConvolution first = new(parameters, "image.conv1", padded: false);
        StackedConvolution second = new(parameters, "image.conv2", padded: false);
        StackedConvolution third = new(parameters, "image.conv3", padded: false);
        StackedConvolution? fourth = Has("image.conv4.weight") ? new(parameters, "image.conv4", padded: false) : null;
        StackedDropout[] dropout = [.. Enumerable.Range(0, ImageEncoder.DropoutSites).Select(site => new StackedDropout(probability, site))];
        StackedLinear last = Linear("image.output");
        StackedBatchNorm norm = BatchNorm("image.norm");
        return (images, keys) =>
        {
            Tensor h = dropout[0].Forward(first.ForwardPoolRelu(images), keys);
            h = dropout[1].Forward(Functional.relu(second.Forward(h)), keys);
            h = dropout[2].Forward(third.ForwardPoolRelu(h), keys);
            if (fourth is not null)
            {
                h = dropout[3].Forward(fourth.ForwardPoolRelu(h), keys);
            }

            return norm.Forward(last.Forward(Features(h)));
        };
    }

    /// <summary>Fully connected, ReLU, fully connected.</summary>
    private Func<Tensor, Tensor> CompactLabel()
    {
        (StackedLinear first, StackedLinear second) = (Linear("label.fc1"), Linear("label.fc2"));
        return z => second.Forward(Functional.relu(first.Forward(z)));
    }

    /// <summary>Three times fully connected, ReLU, batch normalisation; the second and third with skip connections.</summary>
    private Func<Tensor, Tensor> PaperLabel()
    {
        (StackedLinear first, StackedLinear second, StackedLinear third) = (Linear("label.fc1"), Linear("label.fc2"), Linear("label.fc3"));
        StackedBatchNorm[] norm = [.. Enumerable.Range(1, 3).Select(i => BatchNorm($"label.norm{i}"))];
        return z =>
        {
            Tensor h = norm[0].Forward(Functional.relu(first.Forward(z)));
            h = norm[1].Forward(Functional.relu(second.Forward(h).Plus(h)));
            return norm[2].Forward(Functional.relu(third.Forward(h).Plus(h)));
        };
    }

    /// <summary>[batch, members * channels, h, w] to [members, batch, channels * h * w].</summary>
    private Tensor Features(Tensor images) => images.reshape(images.shape[0], parameters.Members, -1).transpose(0, 1);

    private StackedLinear Linear(string name) => new(parameters, name);

    private StackedBatchNorm BatchNorm(string name) => new(parameters, name);

    private bool Has(string name) => parameters.Has(name);
}
