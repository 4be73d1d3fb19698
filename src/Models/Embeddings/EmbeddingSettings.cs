using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace NoProp.Models.Embeddings;

/// <summary>The label embedding W, an m x d matrix whose row y is u_y.</summary>
/// <param name="Kind">What its rows are.</param>
/// <param name="Size">d of a learned embedding; the other kinds have a d of their own.</param>
/// <param name="Moments">Whether the moments of W's optimiser are shared between blocks.</param>
public sealed record EmbeddingSettings(
    EmbeddingKind Kind, int Size = EmbeddingSettings.UsualSize, MomentSharing Moments = MomentSharing.Shared)
{
    /// <summary>d of the paper's learned embedding.</summary>
    public const int UsualSize = 20;

    private const int MaxSize = 65_536;

    private const string OneHotName = "one-hot";
    private const string LearnedName = "learned";
    private const string PrototypeName = "prototype";

    /// <summary>How W begins; usually with prototypes if it is of that kind, and orthogonal otherwise. A one-hot W has no choice.</summary>
    public EmbeddingInit Init { get; init; } = Kind == EmbeddingKind.Prototype ? EmbeddingInit.Prototype : EmbeddingInit.Orthogonal;

    /// <summary>Kind and size as <see cref="TryParse"/> reads them: <c>one-hot</c>, <c>learned:20</c> or <c>prototype</c>.</summary>
    public string Name => Kind switch
    {
        EmbeddingKind.OneHot => OneHotName,
        EmbeddingKind.Learned => string.Create(CultureInfo.InvariantCulture, $"{LearnedName}:{Size}"),
        _ => PrototypeName,
    };

    /// <summary>Reads <c>one-hot</c>, <c>learned</c> (d = 20), <c>learned:D</c> with D from 1 to 65536, or <c>prototype</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="settings">What it says, everything else as usual; null if it is none of these.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out EmbeddingSettings? settings)
    {
        settings = text.Split(':', 2) switch
        {
            [OneHotName] => new EmbeddingSettings(EmbeddingKind.OneHot),
            [PrototypeName] => new EmbeddingSettings(EmbeddingKind.Prototype),
            [LearnedName] => new EmbeddingSettings(EmbeddingKind.Learned),
            [LearnedName, string size]
                when int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out int d) && d is >= 1 and <= MaxSize =>
                    new EmbeddingSettings(EmbeddingKind.Learned, d),
            _ => null,
        };
        return settings is not null;
    }

    /// <summary>d, the length of u_y.</summary>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="pixels">Number of values in an image.</param>
    public int Dimension(int classes, int pixels) => Kind switch
    {
        EmbeddingKind.OneHot => classes,
        EmbeddingKind.Learned => Size,
        _ => pixels,
    };
}
