using System.Runtime.InteropServices;
using NoProp.Host.Plots;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Host.Commands;

/// <summary>The learned class embeddings of a run, drawn.</summary>
internal static class TrainedEmbedding
{
    private const string Head = "head";
    private const string Tensor = "embedding.weight";

    /// <summary>Writes <c>embeddings.png</c> into the run's folder.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="trained">The run.</param>
    /// <param name="initial">W [m, d] before training, in rows; null where the run does not know it.</param>
    /// <returns>Path of the picture.</returns>
    /// <exception cref="NoPropException">The run's embeddings are fixed, or the picture cannot be written.</exception>
    public static string Draw(string run, TrainedRun trained, Func<float[]>? initial)
    {
        float[] after = Read(run, trained.Checkpoint);
        string path = Path.Combine(run, "embeddings.png");
        AtomicFile.Write(path, EmbeddingFigure.Draw(initial?.Invoke(), after, trained.Dataset.ClassNames, trained.Dataset.Shape));
        return path;
    }

    private static float[] Read(string run, Checkpoint checkpoint)
    {
        Snapshot head = checkpoint.Snapshots.FirstOrDefault(snapshot => snapshot.Name == Head)
            ?? throw new NoPropException($"{run} has no head in its checkpoint of {checkpoint.Step} block steps");
        SafetensorsFile file = SafetensorsFile.Parse(head.Safetensors, $"{run}, head");
        return file.Entries.ContainsKey(Tensor)
            ? MemoryMarshal.Cast<byte, float>(file.Data(Tensor)).ToArray()
            : throw new NoPropException($"{run} was trained with fixed one-hot embeddings, and there is nothing to draw: --embeddings needs a run with noprop.embedding.kind = learned or prototype");
    }
}
