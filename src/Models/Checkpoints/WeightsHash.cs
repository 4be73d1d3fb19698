using System.Security.Cryptography;
using System.Text;

namespace NoProp.Models.Checkpoints;

/// <summary>One number for all that a network has learned: two runs that agree in it have the same weights, bit for bit.</summary>
public static class WeightsHash
{
    /// <summary>Tensors whose name begins so belong to the optimiser and do not count.</summary>
    public const string OptimizerPrefix = "optimizer.";

    /// <summary>
    /// SHA-256 in lower-case hex over the weights and running statistics of the snapshots, taken in ordinal order of their names, each in
    /// the order of its data. Before a tensor's bytes goes the line <c>snapshot/tensor dtype [shape]</c> in UTF-8 with a line feed, so
    /// that tensors which change places are seen. Clocks, metadata and optimiser moments do not count.
    /// </summary>
    /// <exception cref="NoPropException">A snapshot is not a whole safetensors file.</exception>
    public static string Sha256(IEnumerable<Snapshot> snapshots)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Snapshot snapshot in snapshots.OrderBy(snapshot => snapshot.Name, StringComparer.Ordinal))
        {
            SafetensorsFile file = SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name);
            foreach (SafetensorsEntry entry in file.Entries.Values.Where(entry => !entry.Name.StartsWith(OptimizerPrefix, StringComparison.Ordinal)))
            {
                string line = $"{snapshot.Name}/{entry.Name} {entry.Dtype} [{string.Join(',', entry.Shape)}]\n";
                hash.AppendData(Encoding.UTF8.GetBytes(line));
                hash.AppendData(file.Data(entry.Name));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
