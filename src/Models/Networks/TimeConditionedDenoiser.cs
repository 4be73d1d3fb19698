using NoProp.Models.Data;
using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>
/// The one network of continuous time and flow matching (paper, section 2.3.2 and Figure 5): image, noisy label and time meet and give logits
/// over the classes. As the block of discrete time, without batch normalisation.
/// </summary>
public sealed class TimeConditionedDenoiser : IDisposable
{
    private readonly ImageEncoder image;
    private readonly LabelEncoder label;
    private readonly Linear time;
    private readonly Linear[] hidden;
    private readonly Linear output;

    /// <summary>A network with initial weights.</summary>
    /// <param name="settings">Layout and sizes.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="embeddingSize">Size d of the label embedding.</param>
    /// <param name="weights">Where the initial weights are drawn.</param>
    /// <param name="pathway">How z is read.</param>
    /// <exception cref="NoPropException">The images are too small for the layout.</exception>
    public TimeConditionedDenoiser(
        NetworkSettings settings, ImageShape shape, int classes, int embeddingSize, NoiseKey weights, LabelPathway pathway = LabelPathway.Vector)
    {
        image = ImageEncoder.Create(Parameters, settings, shape, "image", settings.ImageFeatures, discrete: false);
        label = LabelEncoder.CreateContinuous(Parameters, settings, embeddingSize, pathway, shape);
        time = new(Parameters, "time.fc", TimeEmbedding.Size, settings.LabelFeatures);
        int[] widths = [image.Features + label.Features + settings.LabelFeatures, .. settings.Hidden];
        hidden = [.. Enumerable.Range(0, settings.Hidden.Count).Select(i => new Linear(Parameters, $"fused.fc{i + 1}", widths[i], widths[i + 1]))];
        output = new(Parameters, "fused.output", widths[^1], classes);
        Parameters.Build(weights);
    }

    /// <summary>Weights.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>What the image gives: it depends on neither z nor t, so that many steps of inference compute it once.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="pass">Training or inference.</param>
    /// <returns>[batch, features].</returns>
    public Tensor ImageFeatures(Tensor images, ForwardPass pass) => image.Forward(images, pass);

    /// <summary>Logits over the classes.</summary>
    /// <param name="imageFeatures">From <see cref="ImageFeatures"/>, [batch, features].</param>
    /// <param name="z">z_t, [batch, d].</param>
    /// <param name="t">Time of each row, float32 [batch], in [0, 1].</param>
    /// <param name="pass">Training or inference.</param>
    /// <returns>[batch, m].</returns>
    public Tensor Logits(Tensor imageFeatures, Tensor z, Tensor t, ForwardPass pass)
    {
        Tensor h = cat([imageFeatures, label.Forward(z, pass), Functional.relu(time.Forward(TimeEmbedding.Of(t)))], 1);
        foreach (Linear layer in hidden)
        {
            h = Functional.relu(layer.Forward(h));
        }

        return output.Forward(h);
    }

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();
}
