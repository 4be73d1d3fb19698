using NoProp.Models;
using NoProp.Models.Data;

namespace NoProp.Actors.Inference;

/// <summary>Says what images show. Safe to use from many threads.</summary>
public interface IInference
{
    /// <summary>What answers.</summary>
    InferenceModel Model { get; }

    /// <summary>Class and probabilities of some images.</summary>
    /// <param name="request">Images and options.</param>
    /// <param name="cancellation">Withdraws the request.</param>
    /// <exception cref="PredictionException">The request makes no sense, there is no room for it now, or a block has no state.</exception>
    /// <exception cref="OperationCanceledException">It was withdrawn.</exception>
    Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellation = default);
}

/// <summary>A network that can be asked.</summary>
/// <param name="Shape">Size of an image.</param>
/// <param name="PixelMax">The pixel value that stands for full intensity.</param>
/// <param name="ClassNames">Name of each class.</param>
/// <param name="Blocks">Blocks T of the chain.</param>
/// <param name="Steps">Steps from noise to label of a network that makes many by itself; null where a block is one step.</param>
/// <param name="Defaults">What a request is answered with that does not say.</param>
public sealed record InferenceModel(ImageShape Shape, float PixelMax, IReadOnlyList<string> ClassNames, int Blocks, int? Steps, UsedOptions Defaults);

/// <summary>Why there is no answer.</summary>
public enum PredictionProblem
{
    /// <summary>The request makes no sense.</summary>
    Invalid,

    /// <summary>There is no room for it now.</summary>
    Busy,

    /// <summary>A block or the classifier has no state, or none that can be used.</summary>
    NotReady,
}

/// <summary>There is no answer.</summary>
/// <param name="problem">Why.</param>
/// <param name="message">The same for people.</param>
public sealed class PredictionException(PredictionProblem problem, string message) : NoPropException(message)
{
    /// <summary>Why.</summary>
    public PredictionProblem Problem => problem;
}
