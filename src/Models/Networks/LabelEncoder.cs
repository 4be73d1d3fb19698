using NoProp.Models.Data;
using NoProp.Models.Native;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>The label pathway of a block: the noisy embedding z to a vector of features.</summary>
internal abstract class LabelEncoder
{
    /// <summary>Width of the output.</summary>
    public abstract int Features { get; }

    /// <summary>[batch, d] to [batch, <see cref="Features"/>].</summary>
    public abstract Tensor Forward(Tensor z, ForwardPass pass);

    /// <summary>The pathway of a block in discrete time.</summary>
    /// <exception cref="NoPropException">z is read as an image, and is too small for the layout.</exception>
    /// <exception cref="ArgumentException">z is read as an image, and is none of the given shape.</exception>
    public static LabelEncoder Create(ParameterSet parameters, NetworkSettings settings, int embeddingSize, LabelPathway pathway, ImageShape shape) =>
        (pathway, settings.Kind) switch
        {
            (LabelPathway.Image, _) => new Image(parameters, settings, embeddingSize, shape, discrete: true),
            (_, NetworkKind.Compact) => new Compact(parameters, settings, embeddingSize),
            (_, NetworkKind.Paper) => new Paper(parameters, settings, embeddingSize),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
        };

    /// <summary>The pathway of the network of continuous time.</summary>
    /// <exception cref="NoPropException">z is read as an image, and is too small for the layout.</exception>
    /// <exception cref="ArgumentException">z is read as an image, and is none of the given shape.</exception>
    public static LabelEncoder CreateContinuous(ParameterSet parameters, NetworkSettings settings, int embeddingSize, LabelPathway pathway, ImageShape shape) =>
        pathway == LabelPathway.Image
            ? new Image(parameters, settings, embeddingSize, shape, discrete: false)
            : new Single(parameters, settings, embeddingSize);

    /// <summary>Convolutions, as in the image's own pathway.</summary>
    private sealed class Image : LabelEncoder
    {
        private readonly ImageEncoder encoder;
        private readonly ImageShape shape;

        public Image(ParameterSet parameters, NetworkSettings settings, int embeddingSize, ImageShape shape, bool discrete)
        {
            if (embeddingSize != shape.Pixels)
            {
                throw new ArgumentException($"an embedding of {embeddingSize} numbers cannot be read as an image of {shape}", nameof(embeddingSize));
            }

            this.shape = shape;
            encoder = ImageEncoder.Create(parameters, settings, shape, "label", settings.LabelFeatures, discrete);
        }

        public override int Features => encoder.Features;

        public override Tensor Forward(Tensor z, ForwardPass pass) => encoder.Forward(z.view(-1, shape.Channels, shape.Height, shape.Width), pass);
    }

    /// <summary>Fully connected, ReLU.</summary>
    private sealed class Single(ParameterSet parameters, NetworkSettings settings, int embeddingSize) : LabelEncoder
    {
        private readonly Linear only = new(parameters, "label.fc", embeddingSize, settings.LabelFeatures);

        public override int Features => settings.LabelFeatures;

        public override Tensor Forward(Tensor z, ForwardPass pass) => Functional.relu(only.Forward(z));
    }

    /// <summary>Fully connected, ReLU, fully connected.</summary>
    private sealed class Compact(ParameterSet parameters, NetworkSettings settings, int embeddingSize) : LabelEncoder
    {
        private readonly Linear first = new(parameters, "label.fc1", embeddingSize, settings.LabelFeatures);
        private readonly Linear second = new(parameters, "label.fc2", settings.LabelFeatures, settings.LabelFeatures);

        public override int Features => settings.LabelFeatures;

        public override Tensor Forward(Tensor z, ForwardPass pass) => second.Forward(Functional.relu(first.Forward(z)));
    }

    /// <summary>
    /// Three times fully connected, ReLU, batch normalisation; the second and third with skip connections. A normalisation after each of
    /// them, and not after the last alone, is what the weight counts of the paper's Table 5 ask for.
    /// </summary>
    private sealed class Paper(ParameterSet parameters, NetworkSettings settings, int embeddingSize) : LabelEncoder
    {
        private readonly Linear first = new(parameters, "label.fc1", embeddingSize, settings.LabelFeatures);
        private readonly Linear second = new(parameters, "label.fc2", settings.LabelFeatures, settings.LabelFeatures);
        private readonly Linear third = new(parameters, "label.fc3", settings.LabelFeatures, settings.LabelFeatures);
        private readonly BatchNorm[] norms = [.. Enumerable.Range(1, 3).Select(i => new BatchNorm(parameters, $"label.norm{i}", settings.LabelFeatures))];

        public override int Features => settings.LabelFeatures;

        public override Tensor Forward(Tensor z, ForwardPass pass)
        {
            Tensor h = norms[0].Forward(Functional.relu(first.Forward(z)), pass);
            h = norms[1].Forward(Functional.relu(second.Forward(h).Plus(h)), pass);
            return norms[2].Forward(Functional.relu(third.Forward(h).Plus(h)), pass);
        }
    }
}
