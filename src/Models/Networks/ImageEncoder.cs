using NoProp.Models.Data;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>The image pathway of a block: an image to a vector of features.</summary>
internal abstract class ImageEncoder
{
    /// <summary>Width of the output.</summary>
    public abstract int Features { get; }

    /// <summary>[batch, channels, height, width] to [batch, <see cref="Features"/>].</summary>
    public abstract Tensor Forward(Tensor images, ForwardPass pass);

    /// <summary>The pathway of the given layout.</summary>
    /// <exception cref="NoPropException">The images are too small for it.</exception>
    public static ImageEncoder Create(ParameterSet parameters, NetworkSettings settings, ImageShape shape)
    {
        int smallest = settings.Kind == NetworkKind.Paper ? 14 : 4;
        if (Math.Min(shape.Height, shape.Width) < smallest)
        {
            throw new NoPropException(
                $"the {settings.Kind.ToString().ToLowerInvariant()} network needs images of at least {smallest}x{smallest} pixels, these have {shape.Height}x{shape.Width}; choose another --network or --data");
        }

        return settings.Kind switch
        {
            NetworkKind.Compact => new Compact(parameters, settings, shape),
            NetworkKind.Paper => new Paper(parameters, settings, shape),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
        };
    }

    /// <summary>conv 3x3 padded, pool, conv 3x3 padded, pool, fully connected.</summary>
    private sealed class Compact : ImageEncoder
    {
        private readonly Convolution first;
        private readonly Convolution second;
        private readonly Linear output;

        public Compact(ParameterSet parameters, NetworkSettings settings, ImageShape shape)
        {
            Features = settings.ImageFeatures;
            first = new(parameters, "image.conv1", shape.Channels, settings.Channels[0], padded: true);
            second = new(parameters, "image.conv2", settings.Channels[0], settings.Channels[1], padded: true);
            output = new(parameters, "image.output", settings.Channels[1] * (shape.Height / 4) * (shape.Width / 4), Features);
        }

        public override int Features { get; }

        public override Tensor Forward(Tensor images, ForwardPass pass) =>
            output.Forward(second.ForwardPoolRelu(first.ForwardPoolRelu(images)).flatten(1));
    }

    /// <summary>Three unpadded convolutions with dropout, two pools, fully connected, batch normalisation.</summary>
    private sealed class Paper : ImageEncoder
    {
        private readonly Convolution first;
        private readonly Convolution second;
        private readonly Convolution third;
        private readonly Dropout[] dropout;
        private readonly Linear output;
        private readonly BatchNorm norm;

        public Paper(ParameterSet parameters, NetworkSettings settings, ImageShape shape)
        {
            Features = settings.ImageFeatures;
            first = new(parameters, "image.conv1", shape.Channels, settings.Channels[0], padded: false);
            second = new(parameters, "image.conv2", settings.Channels[0], settings.Channels[1], padded: false);
            third = new(parameters, "image.conv3", settings.Channels[1], settings.Channels[2], padded: false);
            dropout = [.. Enumerable.Range(0, 3).Select(site => new Dropout(settings.Dropout, site))];
            output = new(parameters, "image.output", settings.Channels[2] * Reduced(shape.Height) * Reduced(shape.Width), Features);
            norm = new(parameters, "image.norm", Features);
        }

        public override int Features { get; }

        public override Tensor Forward(Tensor images, ForwardPass pass)
        {
            Tensor h = dropout[0].Forward(first.ForwardPoolRelu(images), pass);
            h = dropout[1].Forward(Functional.relu(second.Forward(h)), pass);
            h = dropout[2].Forward(third.ForwardPoolRelu(h), pass);
            return norm.Forward(output.Forward(h.flatten(1)), pass);
        }

        private static int Reduced(int size) => ((size - 2) / 2 - 4) / 2;
    }
}
