using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;

namespace NoProp.Actors.Inference;

/// <summary>The classifier on the state that was asked for last. Not thread-safe.</summary>
/// <param name="method">Method.</param>
internal sealed class LoadedClassifier(IMethod method) : IDisposable
{
    private IClassifierCompute? classifier;
    private Snapshot? loaded;

    /// <summary>The classifier on a state; until another one is asked for.</summary>
    /// <exception cref="Models.NoPropException">The snapshot is damaged or of another network.</exception>
    public IClassifierCompute At(Snapshot head)
    {
        if (loaded != head)
        {
            Dispose();
            classifier = method.CreateClassifier(head);
            loaded = head;
        }

        return classifier!;
    }

    public void Dispose()
    {
        classifier?.Dispose();
        (classifier, loaded) = (null, null);
    }
}
