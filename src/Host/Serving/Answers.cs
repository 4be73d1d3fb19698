using System.Text.Json;
using System.Text.Json.Serialization;
using NoProp.Actors.Inference;

namespace NoProp.Host.Serving;

/// <summary>The answer to images, as JSON.</summary>
internal sealed record PredictAnswer(
    IReadOnlyList<ImageAnswer> Images, IReadOnlyList<BlockVersionAnswer> Blocks, long Head, ulong Seed, int Samples, bool Stochastic, int Batch, double Milliseconds)
{
    /// <summary>How everything is written that this program gives as JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    /// <summary>As UTF-8, by code that the compiler makes: a service writes thousands of these in a second.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, AnswerJson.Default.PredictAnswer);

    /// <summary>An answer of the chain.</summary>
    public static PredictAnswer Of(Prediction prediction, InferenceModel model) => new(
        [.. prediction.Images.Select(image => ImageAnswer.Of(image, model))],
        [.. prediction.Blocks.Select(block => new BlockVersionAnswer(block.Block, block.Version, block.Time.TotalMilliseconds))],
        prediction.HeadVersion,
        prediction.Options.Seed,
        prediction.Options.Samples,
        prediction.Options.Stochastic,
        prediction.BatchSize,
        prediction.Time.TotalMilliseconds);
}

/// <summary>Writes answers without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PredictAnswer))]
internal sealed partial class AnswerJson : JsonSerializerContext;

/// <summary>What an image shows.</summary>
internal sealed record ImageAnswer(int Class, string Name, float Probability, IReadOnlyList<float> Probabilities, int Depth, IReadOnlyList<TraceAnswer>? Trace)
{
    public static ImageAnswer Of(ImagePrediction image, InferenceModel model) => new(
        image.Class,
        model.ClassNames[image.Class],
        image.Probabilities[image.Class],
        image.Probabilities,
        image.Depth,
        image.Trace.IsEmpty ? null : [.. image.Trace.Select(point => new TraceAnswer(point.Block, point.Step, point.Nearest, point.Probabilities))]);
}

/// <summary>What z looked like at one place.</summary>
internal sealed record TraceAnswer(int Block, int? Step, int Nearest, IReadOnlyList<float> Probabilities);

/// <summary>A block that answered.</summary>
internal sealed record BlockVersionAnswer(int Block, long Version, double Milliseconds);

/// <summary>The network that answers.</summary>
internal sealed record ModelAnswer(
    string Run,
    string Method,
    string Data,
    string Network,
    string Embedding,
    ModelImage Image,
    IReadOnlyList<string> Classes,
    int Blocks,
    int? Steps,
    ulong Seed,
    int Samples,
    bool Stochastic,
    ModelLimits Limits,
    long? Step,
    bool Ready);

/// <summary>Size of its images.</summary>
internal sealed record ModelImage(int Channels, int Height, int Width, float PixelMax);

/// <summary>What a request may have.</summary>
internal sealed record ModelLimits(int Body, int Images, int Side, int Samples);

/// <summary>The blocks and the classifier.</summary>
internal sealed record BlocksAnswer(IReadOnlyList<BlockStateAnswer> Blocks, HeadAnswer Head);

/// <summary>A block.</summary>
internal sealed record BlockStateAnswer(int Block, string Name, long? Version, long Batches, double? Milliseconds);

/// <summary>The classifier.</summary>
internal sealed record HeadAnswer(string Name, long? Version);
