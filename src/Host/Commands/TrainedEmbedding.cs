using System.Runtime.InteropServices;
using NoProp.Host.Plots;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Host.Commands;

/// <summary>The learned class embeddings of a run, drawn.</summary>
internal static class TrainedEmbedding
{
    private const string Head = "head";
    private const string Tensor = "embedding.weight";

    /// <summary>Writes <c>embeddings.png</c> into the run's folder.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="trained">The run.</param>
    /// <returns>Path of the picture.</returns>
    /// <exception cref="NoPropException">The run's embeddings are fixed, or the picture cannot be written.</exception>
    public static string Draw(string run, TrainedRun trained)
    {
        float[] after = Read(run, trained.Checkpoint.Snapshots);
        TorchRuntime.Load();
        // A head that has made no step holds W as it began.
        using IHeadCompute head = trained.Method.CreateHead(from: null);
        float[] before = Read(run, [head.Snapshot()]);
        string path = Path.Combine(run, "embeddings.png");
        AtomicFile.Write(path, EmbeddingFigure.Draw(before, after, trained.Dataset.ClassNames, trained.Dataset.Shape));
        return path;
    }

    private static float[] Read(string run, IReadOnlyList<Snapshot> snapshots)
    {
        Snapshot head = snapshots.FirstOrDefault(snapshot => snapshot.Name == Head) ?? throw new NoPropException($"{run} has no head in its checkpoint");
        SafetensorsFile file = SafetensorsFile.Parse(head.Safetensors, $"{run}, head");
        return file.Entries.ContainsKey(Tensor)
            ? MemoryMarshal.Cast<byte, float>(file.Data(Tensor)).ToArray()
            : throw new NoPropException($"{run} was trained with fixed one-hot embeddings, and there is nothing to draw: --embeddings needs a run with noprop.embedding.kind = learned or prototype");
    }
}
