using NoProp.Models.Data;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>The pathway of an image, or of a label that is one: an image to a vector of features.</summary>
internal abstract class ImageEncoder
{
    /// <summary>Width of the output.</summary>
    public abstract int Features { get; }

    /// <summary>[batch, channels, height, width] to [batch, <see cref="Features"/>].</summary>
    public abstract Tensor Forward(Tensor images, ForwardPass pass);

    /// <summary>The pathway of the given layout.</summary>
    /// <param name="parameters">Where its weights are declared.</param>
    /// <param name="settings">Layout and sizes.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="name">First part of its weights' names: image or label.</param>
    /// <param name="features">Width of the output.</param>
    /// <param name="discrete">Whether the paper's layout ends with batch normalisation, as in discrete time, or with ReLU.</param>
    /// <exception cref="NoPropException">The images are too small for it.</exception>
    public static ImageEncoder Create(ParameterSet parameters, NetworkSettings settings, ImageShape shape, string name, int features, bool discrete)
    {
        int smallest = settings.Kind == NetworkKind.Paper ? 14 : 4;
        if (Math.Min(shape.Height, shape.Width) < smallest)
        {
            throw new NoPropException(
                $"the {settings.Kind.ToString().ToLowerInvariant()} network needs images of at least {smallest}x{smallest} pixels, these have {shape.Height}x{shape.Width}; choose another --network or --data");
        }

        return settings.Kind switch
        {
            NetworkKind.Compact => new Compact(parameters, settings, shape, name, features),
            NetworkKind.Paper => new Paper(parameters, settings, shape, name, features, discrete),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
        };
    }

    /// <summary>conv 3x3 padded, pool, conv 3x3 padded, pool, fully connected.</summary>
    private sealed class Compact : ImageEncoder
    {
        private readonly Convolution first;
        private readonly Convolution second;
        private readonly Linear output;

        public Compact(ParameterSet parameters, NetworkSettings settings, ImageShape shape, string name, int features)
        {
            Features = features;
            first = new(parameters, $"{name}.conv1", shape.Channels, settings.Channels[0], padded: true);
            second = new(parameters, $"{name}.conv2", settings.Channels[0], settings.Channels[1], padded: true);
            output = new(parameters, $"{name}.output", settings.Channels[1] * (shape.Height / 4) * (shape.Width / 4), Features);
        }

        public override int Features { get; }

        public override Tensor Forward(Tensor images, ForwardPass pass) =>
            output.Forward(second.ForwardPoolRelu(first.ForwardPoolRelu(images)).flatten(1));
    }

    /// <summary>
    /// Three unpadded convolutions with dropout, two pools, fully connected, then batch normalisation or ReLU. Images of 64 pixels and more are
    /// pooled once more, after the second convolution: so the weight counts of Tiny ImageNet come near the paper's.
    /// </summary>
    private sealed class Paper : ImageEncoder
    {
        // Images of so many pixels a side are pooled once more.
        private const int Large = 64;

        // Dropout of the label's pathway has other random numbers than that of the image's.
        private const int LabelSites = 8;

        private readonly Convolution first;
        private readonly Convolution second;
        private readonly Convolution third;
        private readonly Dropout[] dropout;
        private readonly Linear output;
        private readonly BatchNorm? norm;
        private readonly bool pooledTwice;

        public Paper(ParameterSet parameters, NetworkSettings settings, ImageShape shape, string name, int features, bool discrete)
        {
            Features = features;
            pooledTwice = Math.Min(shape.Height, shape.Width) >= Large;
            first = new(parameters, $"{name}.conv1", shape.Channels, settings.Channels[0], padded: false);
            second = new(parameters, $"{name}.conv2", settings.Channels[0], settings.Channels[1], padded: false);
            third = new(parameters, $"{name}.conv3", settings.Channels[1], settings.Channels[2], padded: false);
            dropout = [.. Enumerable.Range(0, 3).Select(site => new Dropout(settings.Dropout, name == "image" ? site : LabelSites + site))];
            output = new(parameters, $"{name}.output", settings.Channels[2] * Reduced(shape.Height) * Reduced(shape.Width), Features);
            norm = discrete ? new(parameters, $"{name}.norm", Features) : null;
        }

        public override int Features { get; }

        public override Tensor Forward(Tensor images, ForwardPass pass)
        {
            Tensor h = dropout[0].Forward(first.ForwardPoolRelu(images), pass);
            h = dropout[1].Forward(pooledTwice ? second.ForwardPoolRelu(h) : Functional.relu(second.Forward(h)), pass);
            h = dropout[2].Forward(third.ForwardPoolRelu(h), pass);
            h = output.Forward(h.flatten(1));
            return norm?.Forward(h, pass) ?? Functional.relu(h);
        }

        private int Reduced(int size) => pooledTwice ? (((size - 2) / 2 - 2) / 2 - 2) / 2 : ((size - 2) / 2 - 4) / 2;
    }
}
