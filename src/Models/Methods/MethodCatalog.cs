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
        return Create(settings, dataset.Shape, dataset.Classes, () => prototypes.Value);
    }

    /// <summary>The method that settings ask for, for those who train its blocks and not its head: only the head needs prototypes.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="data">The data.</param>
    /// <exception cref="NoPropException">The settings do not fit the images.</exception>
    public static IMethod CreateForBlocks(TrainingSettings settings, DataDescription data) => Create(settings, data.Shape, data.Classes, prototypes: null);

    private static IMethod Create(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes) => settings.Method switch
    {
        MethodKind.Dt => new DiscreteTime(settings, shape, classes, prototypes),
        MethodKind.Ct => new ContinuousTime(settings, shape, classes, prototypes),
        MethodKind.Fm => new FlowMatching(settings, shape, classes, prototypes),
        MethodKind.Backprop => new Backpropagation(settings, shape, classes, prototypes),
        MethodKind.Adjoint => new AdjointOde(settings, shape, classes, prototypes),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Method, null),
    };
}
