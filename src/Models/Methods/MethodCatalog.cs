using NoProp.Models.Data;
using NoProp.Models.Embeddings;

namespace NoProp.Models.Methods;

/// <summary>The methods by their settings.</summary>
public static class MethodCatalog
{
    /// <summary>The method that settings ask for.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="dataset">The data; its training images are searched for prototypes when the first initial embedding that needs them is made.</param>
    /// <exception cref="NoPropException">The settings do not fit the images.</exception>
    public static IMethod Create(TrainingSettings settings, Dataset dataset)
    {
        Lazy<float[]> prototypes = new(() => Prototypes.Values(dataset));
        (Data.ImageShape shape, int classes) = (dataset.Shape, dataset.Classes);
        float[] Find() => prototypes.Value;
        return settings.Method switch
        {
            MethodKind.Dt => new DiscreteTime(settings, shape, classes, Find),
            MethodKind.Ct => new ContinuousTime(settings, shape, classes, Find),
            MethodKind.Fm => new FlowMatching(settings, shape, classes, Find),
            MethodKind.Backprop => new Backpropagation(settings, shape, classes, Find),
            MethodKind.Adjoint => new AdjointOde(settings, shape, classes, Find),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Method, null),
        };
    }
}
