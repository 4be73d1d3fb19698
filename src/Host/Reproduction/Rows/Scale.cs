using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction.Paper;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>How much training a row gets.</summary>
/// <param name="Epochs">Passes over the images.</param>
/// <param name="Images">Training images that are used, the first ones.</param>
/// <param name="Settings">Settings of a named budget.</param>
internal sealed record Budget(int Epochs, int Images, IReadOnlyList<string> Settings)
{
    /// <summary>A sentence for the report.</summary>
    public string InWords() => $"{Epochs} epochs of {Images} images{(Settings.Count == 0 ? "" : $", with {string.Join(", ", Settings)}")}.";
}

/// <summary>What <c>--scale</c> says: the paper's training, a fraction of it, or the named budget <c>small</c>.</summary>
internal sealed class Scale
{
    private const string SmallName = "small";

    // As many as the digits have.
    private const int SmallImages = 1_500;

    // Chosen so that all rows of Table 1 on the digits take less than twenty minutes on two cores. CT has the widest spread of loss weights and
    // needs the most epochs. The adjoint method solves an equation twice in every step.
    private static readonly Dictionary<string, (int Epochs, string[] Settings)> Small = new()
    {
        [PaperMethods.Backprop] = (100, []),
        [PaperMethods.DiscreteTime] = (30, []),
        [PaperMethods.Adjoint] = (30, []),
        [PaperMethods.ContinuousTime] = (100, []),
        [PaperMethods.FlowMatching] = (80, []),
    };

    // Where W is an image, the loss weights of CT spread widest.
    private static readonly Dictionary<string, int> SmallPrototype = new() { [PaperMethods.ContinuousTime] = 250 };

    // A curve needs the test of every epoch, and one of 1000 steps takes longer than the epoch itself.
    private static readonly string[] SmallCurve = ["noprop.inference.steps=100"];

    private readonly double? factor;

    private Scale(double? factor) => this.factor = factor;

    /// <summary>Whether it is the named budget.</summary>
    public bool IsSmall => factor is null;

    /// <summary>Reads <c>--scale</c>.</summary>
    /// <param name="text">The option's value; null for the paper's training.</param>
    /// <exception cref="SettingsException">It is neither <c>small</c> nor a fraction.</exception>
    public static Scale Parse(string? text) => text switch
    {
        null => new Scale(1),
        SmallName => new Scale(null),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double factor) && factor is > 0 and <= 1 => new Scale(factor),
        _ => throw new SettingsException($"--scale {text}: must be {SmallName}, or a number above 0 and at most 1"),
    };

    /// <summary>The training of a row.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="embedding">Its label embedding.</param>
    /// <param name="data">Its data set.</param>
    /// <param name="images">Training images that there are.</param>
    /// <param name="curve">Whether every epoch is tested.</param>
    public Budget Of(string method, string embedding, string data, int images, bool curve)
    {
        if (factor is { } fraction)
        {
            int least = Math.Min(images, Hyperparameters.Batch);
            int epochs = Hyperparameters.Of(data, method).Epochs;
            return new(
                Math.Max(1, (int)Math.Round(fraction * epochs)),
                Math.Clamp((int)Math.Round(fraction * images), least, images),
                []);
        }

        (int small, string[] settings) = Small[method];
        small = embedding == PaperEmbeddings.Prototype ? SmallPrototype.GetValueOrDefault(method, small) : small;
        bool steps = curve && method is PaperMethods.ContinuousTime or PaperMethods.FlowMatching;
        return new(small, Math.Min(SmallImages, images), [.. settings, .. steps ? SmallCurve : []]);
    }

    /// <summary>A sentence for the report.</summary>
    public string InWords(string data)
    {
        string table = Hyperparameters.Like(data) == data ? "the paper's Table 4" : $"the paper's Table 4, which has no {data}: the epochs are those of {Hyperparameters.Like(data)}";
        return factor switch
        {
            null => string.Create(
                CultureInfo.InvariantCulture,
                $"A small budget, not the paper's: at most {SmallImages} images and {string.Join(", ", Small.Select(method => $"{method.Value.Epochs} epochs for {method.Key}"))}; {string.Join(", ", SmallPrototype.Select(method => $"{method.Value} for {method.Key} with prototypes"))}. It shows that every method learns; the accuracies cannot be compared with the paper's."),
            1 => $"All epochs and all images of {table}.",
            { } fraction => string.Create(
                CultureInfo.InvariantCulture,
                $"{fraction:0.####%} of the epochs, at least one, and {fraction:0.####%} of the images of {table}. So it is about {fraction * fraction:0.######%} of the full training, and lower accuracies are to be expected."),
        };
    }
}
