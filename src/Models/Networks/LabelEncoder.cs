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

    /// <summary>The pathway of a block in discrete time, for z as a vector of size d.</summary>
    public static LabelEncoder Create(ParameterSet parameters, NetworkSettings settings, int embeddingSize) => settings.Kind switch
    {
        NetworkKind.Compact => new Compact(parameters, settings, embeddingSize),
        NetworkKind.Paper => new Paper(parameters, settings, embeddingSize),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, null),
    };

    /// <summary>The pathway of a network in continuous time, for z as a vector of size d: fully connected, ReLU, in both layouts.</summary>
    public static LabelEncoder CreateTimeConditioned(ParameterSet parameters, NetworkSettings settings, int embeddingSize) =>
        new OneLayer(parameters, settings, embeddingSize);

    /// <summary>The pathway for z as an image: convolutions like those of the image pathway, with weights and dropout of their own.</summary>
    /// <exception cref="NoPropException">d is not the number of pixels, or the images are too small for the layout.</exception>
    public static LabelEncoder CreateImage(
        ParameterSet parameters, NetworkSettings settings, ImageShape shape, int embeddingSize, ImageOutput output)
    {
        if (embeddingSize != shape.Pixels)
        {
            throw new NoPropException(
                $"a label embedding is read as an image only where its size is the number of pixels: {shape} has {shape.Pixels} and the embedding {embeddingSize}; choose prototypes or another embedding");
        }

        return new Image(
            ImageEncoder.Create(parameters, settings, shape, output, "label", settings.LabelFeatures, ImageEncoder.DropoutSites), shape);
    }

    /// <summary>z, [batch, d], as images [batch, c, h, w].</summary>
    private sealed class Image(ImageEncoder encoder, ImageShape shape) : LabelEncoder
    {
        public override int Features => encoder.Features;

        public override Tensor Forward(Tensor z, ForwardPass pass) =>
            encoder.Forward(z.reshape(-1, shape.Channels, shape.Height, shape.Width), pass);
    }

    /// <summary>Fully connected, ReLU.</summary>
    private sealed class OneLayer(ParameterSet parameters, NetworkSettings settings, int embeddingSize) : LabelEncoder
    {
        private readonly Linear first = new(parameters, "label.fc1", embeddingSize, settings.LabelFeatures);

        public override int Features => settings.LabelFeatures;

        public override Tensor Forward(Tensor z, ForwardPass pass) => Functional.relu(first.Forward(z));
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
