using NoProp.Models.Data;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>What stands behind the paper layout's convolutions and their fully connected layer.</summary>
internal enum ImageOutput
{
    /// <summary>Batch normalisation, as in discrete time.</summary>
    BatchNorm,

    /// <summary>ReLU, as in continuous time, where there is no batch normalisation.</summary>
    Relu,
}

/// <summary>An image to a vector of features: the image pathway of a network, and the label pathway of one that is given prototypes.</summary>
internal abstract class ImageEncoder
{
    /// <summary>Dropout sites of one encoder, used or not.</summary>
    public const int DropoutSites = 4;

    /// <summary>Width of the output.</summary>
    public abstract int Features { get; }

    /// <summary>[batch, channels, height, width] to [batch, <see cref="Features"/>].</summary>
    public abstract Tensor Forward(Tensor images, ForwardPass pass);

    /// <summary>The image pathway of the given layout.</summary>
    /// <exception cref="NoPropException">The images are too small for it.</exception>
    public static ImageEncoder Create(ParameterSet parameters, NetworkSettings settings, ImageShape shape, ImageOutput output) =>
        Create(parameters, settings, shape, output, "image", settings.ImageFeatures, 0);

    /// <summary>An encoder of the given layout.</summary>
    /// <param name="parameters">Where its weights are declared.</param>
    /// <param name="settings">Layout and channels.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="output">What stands behind the last layer of the paper layout.</param>
    /// <param name="name">First part of its weights' names.</param>
    /// <param name="features">Width of the output.</param>
    /// <param name="firstSite">First of its <see cref="DropoutSites"/> dropout sites.</param>
    /// <exception cref="NoPropException">The images are too small for it.</exception>
    public static ImageEncoder Create(
        ParameterSet parameters, NetworkSettings settings, ImageShape shape, ImageOutput output, string name, int features, int firstSite)
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
            NetworkKind.Paper => new Paper(parameters, settings, shape, output, name, features, firstSite),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
        };
    }

    /// <summary>conv 3x3 padded, pool, conv 3x3 padded, pool, fully connected.</summary>
    private sealed class Compact(ParameterSet parameters, NetworkSettings settings, ImageShape shape, string name, int features) : ImageEncoder
    {
        private readonly Convolution first = new(parameters, $"{name}.conv1", shape.Channels, settings.Channels[0], padded: true, settings.Kernels);
        private readonly Convolution second = new(parameters, $"{name}.conv2", settings.Channels[0], settings.Channels[1], padded: true, settings.Kernels);
        private readonly Linear output =
            new(parameters, $"{name}.output", settings.Channels[1] * (shape.Height / 4) * (shape.Width / 4), features);

        public override int Features => features;

        public override Tensor Forward(Tensor images, ForwardPass pass) =>
            output.Forward(second.ForwardPoolRelu(first.ForwardPoolRelu(images, pass), pass).flatten(1));
    }

    /// <summary>Three unpadded convolutions with dropout, two pools, fully connected, then batch normalisation or ReLU.</summary>
    /// <remarks>
    /// Images of 64 and more pixels a side pass one convolution more, of twice the third's channels, and one pool more. The paper's weight
    /// counts for Tiny ImageNet ask for less than the 13x13x128 that three convolutions leave, and for more than the 6x6x128 of one more
    /// pool; with 5x5x256 the network is within 2 % of them (<see cref="Table5"/>).
    /// </remarks>
    private sealed class Paper : ImageEncoder
    {
        private const int LargeImage = 64;

        private readonly Convolution first;
        private readonly Convolution second;
        private readonly Convolution third;
        private readonly Convolution? fourth;
        private readonly Dropout[] dropout;
        private readonly Linear output;
        private readonly BatchNorm? norm;

        public Paper(
            ParameterSet parameters, NetworkSettings settings, ImageShape shape, ImageOutput last, string name, int features, int firstSite)
        {
            Features = features;
            first = new(parameters, $"{name}.conv1", shape.Channels, settings.Channels[0], padded: false, settings.Kernels);
            second = new(parameters, $"{name}.conv2", settings.Channels[0], settings.Channels[1], padded: false, settings.Kernels);
            third = new(parameters, $"{name}.conv3", settings.Channels[1], settings.Channels[2], padded: false, settings.Kernels);
            (int channels, int height, int width) = (settings.Channels[2], Reduced(shape.Height), Reduced(shape.Width));
            List<long[]> dropped =
            [
                [settings.Channels[0], (shape.Height - 2) / 2, (shape.Width - 2) / 2],
                [settings.Channels[1], (shape.Height - 2) / 2 - 2, (shape.Width - 2) / 2 - 2],
                [channels, height, width],
            ];
            if (Math.Min(shape.Height, shape.Width) >= LargeImage)
            {
                fourth = new(parameters, $"{name}.conv4", channels, 2 * channels, padded: false, settings.Kernels);
                (channels, height, width) = (2 * channels, (height - 2) / 2, (width - 2) / 2);
                dropped.Add([channels, height, width]);
            }

            dropout = [.. dropped.Select((values, i) => new Dropout(settings.Dropout, firstSite + i, values))];
            output = new(parameters, $"{name}.output", channels * height * width, features);
            norm = last == ImageOutput.BatchNorm ? new(parameters, $"{name}.norm", features) : null;
        }

        public override int Features { get; }

        public override Tensor Forward(Tensor images, ForwardPass pass)
        {
            pass = Dropout.Draw(dropout, images, pass);
            Tensor h = dropout[0].Forward(first.ForwardPoolRelu(images, pass), pass);
            h = dropout[1].Forward(Functional.relu(second.Forward(h)), pass);
            h = dropout[2].Forward(third.ForwardPoolRelu(h, pass), pass);
            if (fourth is not null)
            {
                h = dropout[3].Forward(fourth.ForwardPoolRelu(h, pass), pass);
            }

            h = output.Forward(h.flatten(1));
            return norm is null ? Functional.relu(h) : norm.Forward(h, pass);
        }

        private static int Reduced(int size) => ((size - 2) / 2 - 4) / 2;
    }
}
