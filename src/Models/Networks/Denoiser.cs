using NoProp.Models.Data;
using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>
/// The network of one block in discrete time (paper, section 2.3.2 and Figure 5): image and noisy label meet and give logits over the
/// classes. Its output in embedding space is u_hat = softmax(logits) W.
/// </summary>
public sealed class Denoiser : IDisposable
{
    private readonly ImageEncoder image;
    private readonly LabelEncoder label;
    private readonly Linear[] hidden;
    private readonly BatchNorm[] norms;
    private readonly Linear output;

    /// <summary>A network with initial weights.</summary>
    /// <param name="settings">Layout and sizes.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="embeddingSize">Size d of the label embedding.</param>
    /// <param name="weights">Where the initial weights are drawn; null for zeros, which the caller replaces.</param>
    /// <param name="label">How z is read.</param>
    /// <exception cref="NoPropException">
    /// The images are too small for the layout, or z is to be read as an image and d is not the number of pixels.
    /// </exception>
    public Denoiser(
        NetworkSettings settings,
        ImageShape shape,
        int classes,
        int embeddingSize,
        NoiseKey? weights,
        LabelPathway label = LabelPathway.Vector)
        : this(settings, shape, classes, embeddingSize, label)
    {
        if (weights is { } key)
        {
            Parameters.Build(key);
        }
        else
        {
            Parameters.BuildEmpty();
        }
    }

    private Denoiser(NetworkSettings settings, ImageShape shape, int classes, int embeddingSize, LabelPathway pathway)
    {
        Parameters = new(settings.Precision);
        image = ImageEncoder.Create(Parameters, settings, shape, ImageOutput.BatchNorm);
        label = pathway switch
        {
            LabelPathway.Vector => LabelEncoder.Create(Parameters, settings, embeddingSize),
            LabelPathway.Image => LabelEncoder.CreateImage(Parameters, settings, shape, embeddingSize, ImageOutput.BatchNorm),
            _ => throw new ArgumentOutOfRangeException(nameof(pathway), pathway, null),
        };
        int[] widths = [image.Features + label.Features, .. settings.Hidden];
        hidden = new Linear[settings.Hidden.Count];
        norms = new BatchNorm[settings.Kind == NetworkKind.Paper ? hidden.Length : 0];
        for (int i = 0; i < hidden.Length; i++)
        {
            hidden[i] = new(Parameters, $"fused.fc{i + 1}", widths[i], widths[i + 1]);
            if (i < norms.Length)
            {
                norms[i] = new(Parameters, $"fused.norm{i + 1}", widths[i + 1]);
            }
        }

        output = new(Parameters, "fused.output", widths[^1], classes);
    }

    /// <summary>Weights and running statistics.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Number of weights of such a network, without building it.</summary>
    /// <exception cref="NoPropException">There is no such network.</exception>
    public static long CountWeights(NetworkSettings settings, ImageShape shape, int classes, int embeddingSize, LabelPathway label)
    {
        using Denoiser declared = new(settings, shape, classes, embeddingSize, label);
        return declared.Parameters.Count;
    }

    /// <summary>Logits over the classes.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="z">z_{t-1}, [batch, d].</param>
    /// <param name="pass">Training or inference.</param>
    /// <returns>[batch, m].</returns>
    public Tensor Logits(Tensor images, Tensor z, ForwardPass pass)
    {
        Tensor h = cat([image.Forward(images, pass), label.Forward(z, pass)], 1);
        for (int i = 0; i < hidden.Length; i++)
        {
            h = hidden[i].Forward(h);
            h = Functional.relu(i < norms.Length ? norms[i].Forward(h, pass) : h);
        }

        return output.Forward(h);
    }

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();
}
