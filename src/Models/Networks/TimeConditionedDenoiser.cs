using NoProp.Models.Data;
using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>
/// The one network of continuous time, flow matching and the neural ODE (paper, section 2.3.2 and Figure 5): image, noisy label and time
/// meet and give logits over the classes. Its output in embedding space is u_hat = softmax(logits) W in NoProp-CT, v = logits W in NoProp-FM.
/// </summary>
/// <remarks>
/// There is no batch normalisation, so an output depends on its own row alone and <see cref="Parameters"/> has no running statistics.
/// </remarks>
public sealed class TimeConditionedDenoiser : IDisposable
{
    private readonly ImageEncoder image;
    private readonly LabelEncoder label;
    private readonly TimeEmbedding embedding;
    private readonly Linear time;
    private readonly Linear[] hidden;
    private readonly Linear output;

    /// <summary>A network with initial weights.</summary>
    /// <param name="settings">Layout and sizes.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="embeddingSize">Size d of the label embedding.</param>
    /// <param name="weights">Where the initial weights are drawn.</param>
    /// <param name="label">How z is read.</param>
    /// <exception cref="NoPropException">
    /// The images are too small for the layout, or z is to be read as an image and d is not the number of pixels.
    /// </exception>
    public TimeConditionedDenoiser(
        NetworkSettings settings,
        ImageShape shape,
        int classes,
        int embeddingSize,
        NoiseKey weights,
        LabelPathway label = LabelPathway.Vector)
        : this(settings, shape, classes, embeddingSize, label) => Parameters.Build(weights);

    private TimeConditionedDenoiser(NetworkSettings settings, ImageShape shape, int classes, int embeddingSize, LabelPathway pathway)
    {
        Parameters = new(settings.Precision);
        image = ImageEncoder.Create(Parameters, settings, shape, ImageOutput.Relu);
        label = pathway switch
        {
            LabelPathway.Vector => LabelEncoder.CreateTimeConditioned(Parameters, settings, embeddingSize),
            LabelPathway.Image => LabelEncoder.CreateImage(Parameters, settings, shape, embeddingSize, ImageOutput.Relu),
            _ => throw new ArgumentOutOfRangeException(nameof(pathway), pathway, null),
        };
        time = new(Parameters, "time.fc1", TimeEmbedding.Features, settings.LabelFeatures);
        int[] widths = [image.Features + label.Features + settings.LabelFeatures, .. settings.Hidden];
        hidden = [.. settings.Hidden.Select((width, i) => new Linear(Parameters, $"fused.fc{i + 1}", widths[i], width))];
        output = new(Parameters, "fused.output", widths[^1], classes);

        // Last, for a network that is refused above frees nothing.
        embedding = new();
    }

    /// <summary>Weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Number of weights of such a network, without building it.</summary>
    /// <exception cref="NoPropException">There is no such network.</exception>
    public static long CountWeights(NetworkSettings settings, ImageShape shape, int classes, int embeddingSize, LabelPathway label)
    {
        using TimeConditionedDenoiser declared = new(settings, shape, classes, embeddingSize, label);
        return declared.Parameters.Count;
    }

    /// <summary>What the network reads in the images. It depends on neither z nor t, so that inference needs it once for all its steps.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="pass">Training or inference.</param>
    /// <returns>[batch, features], for <see cref="Logits"/>.</returns>
    public Tensor ImageFeatures(Tensor images, ForwardPass pass) => image.Forward(images, pass);

    /// <summary>Logits over the classes.</summary>
    /// <param name="imageFeatures">What <see cref="ImageFeatures"/> gave for the images, [batch, features].</param>
    /// <param name="z">z_t, [batch, d].</param>
    /// <param name="t">Times in [0, 1], float32 [batch].</param>
    /// <param name="pass">Training or inference, the same as for the image features.</param>
    /// <returns>[batch, m].</returns>
    public Tensor Logits(Tensor imageFeatures, Tensor z, Tensor t, ForwardPass pass)
    {
        Tensor h = cat([imageFeatures, label.Forward(z, pass), Functional.relu(time.Forward(embedding.Forward(t)))], 1);
        foreach (Linear layer in hidden)
        {
            h = Functional.relu(layer.Forward(h));
        }

        return output.Forward(h);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        embedding.Dispose();
        Parameters.Dispose();
    }
}
