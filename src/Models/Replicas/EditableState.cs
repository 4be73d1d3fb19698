using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;

namespace NoProp.Models.Replicas;

/// <summary>A copy of a block's snapshot whose values can be changed in place.</summary>
internal sealed class EditableState
{
    private const string Moment = WeightsHash.OptimizerPrefix + "exp_avg.";

    private readonly Snapshot from;
    private readonly byte[] bytes;
    private readonly int dataOffset;

    /// <summary>A copy of a snapshot.</summary>
    /// <exception cref="NoPropException">It is no whole safetensors file, or holds something else than float32.</exception>
    public EditableState(Snapshot from)
    {
        this.from = from;
        bytes = from.Safetensors.ToArray();
        SafetensorsFile file = SafetensorsFile.Parse(bytes, from.Name);
        dataOffset = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Entries = [.. file.Entries.Values];
        if (Entries.FirstOrDefault(entry => entry.Dtype != "F32") is { } other)
        {
            throw new NoPropException($"snapshot {from.Name} holds {other.Dtype} values in {other.Name}: only F32 can be brought together with those of other replicas");
        }
    }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The tensors of the network, trained or not: without those of the optimiser.</summary>
    public IEnumerable<SafetensorsEntry> Network => Entries.Where(entry => !entry.Name.StartsWith(WeightsHash.OptimizerPrefix, StringComparison.Ordinal));

    /// <summary>All values, those of the optimiser too.</summary>
    public Memory<float> All => MemoryOf().ToArray();

    /// <summary>Whether a tensor is trained; a running statistic is not.</summary>
    public bool IsTrained(SafetensorsEntry entry) => Entries.Any(other => other.Name == Moment + entry.Name);

    /// <summary>The values of a tensor, in place.</summary>
    public Span<float> Values(SafetensorsEntry entry) => MemoryMarshal.Cast<byte, float>(bytes.AsSpan(dataOffset + entry.Offset, entry.Length));

    /// <summary>All values, in place.</summary>
    public Span<float> MemoryOf() => MemoryMarshal.Cast<byte, float>(bytes.AsSpan(dataOffset));

    /// <summary>What it is now, under a name.</summary>
    public Snapshot Snapshot(string name) => new(name, from.Clock, bytes);
}
