using System.Buffers.Binary;
using System.Text.Json;

namespace NoProp.Models.Checkpoints;

/// <summary>A safetensors file that was read and found whole. It shares the memory it was parsed from.</summary>
public sealed class SafetensorsFile
{
    private readonly string source;
    private readonly ReadOnlyMemory<byte> data;

    private SafetensorsFile(
        string source,
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> metadata,
        OrderedDictionary<string, SafetensorsEntry> entries)
    {
        this.source = source;
        this.data = data;
        Metadata = metadata;
        Entries = entries;
    }

    /// <summary>The header's own strings; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name; enumerated, they come in the order of their data.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Reads the header and checks it against the bytes that are really there. The data are not copied.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="source">What errors call the file: its path, or where it came from.</param>
    /// <exception cref="NoPropException">The bytes are not a whole safetensors file; the message names the source and the fault.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> bytes, string source)
    {
        if (bytes.Length < Safetensors.LengthPrefix)
        {
            throw Fault(source, $"it is {bytes.Length} bytes long, and the length of the header alone takes {Safetensors.LengthPrefix}");
        }

        long claimed = BinaryPrimitives.ReadInt64LittleEndian(bytes.Span);
        int present = bytes.Length - Safetensors.LengthPrefix;
        string? wrongLength = claimed switch
        {
            < 0 => "is negative or above 2^63",
            > Safetensors.MaxHeaderLength => $"exceeds the format's limit of {Safetensors.MaxHeaderLength}",
            _ when claimed > present => $"exceeds the {present} bytes that follow",
            _ => null,
        };
        if (wrongLength is not null)
        {
            throw Fault(source, $"the header's length, {claimed}, {wrongLength}");
        }

        ReadOnlyMemory<byte> header = bytes.Slice(Safetensors.LengthPrefix, (int)claimed);
        ReadOnlyMemory<byte> data = bytes[(Safetensors.LengthPrefix + (int)claimed)..];
        try
        {
            using JsonDocument json = JsonDocument.Parse(header);
            return Read(json.RootElement, data, source);
        }
        catch (JsonException e)
        {
            throw new NoPropException(Message(source, $"the header is not JSON from byte {e.BytePositionInLine} of its line {e.LineNumber + 1} on"), e);
        }
        catch (InvalidOperationException e)
        {
            // System.Text.Json looks at the encoding of a string only when the string is asked for, and then answers with this type.
            throw new NoPropException(Message(source, "the header holds text that is not valid Unicode"), e);
        }
    }

    /// <summary>The bytes of one tensor, little-endian and row by row.</summary>
    /// <exception cref="NoPropException">There is no tensor of this name.</exception>
    public ReadOnlySpan<byte> Data(string name) => Entries.TryGetValue(name, out SafetensorsEntry? entry)
        ? data.Span.Slice(entry.Offset, entry.Length)
        : throw new NoPropException($"{source} has no tensor {Quote(name)}; was it saved with other settings?");

    private static SafetensorsFile Read(JsonElement root, ReadOnlyMemory<byte> data, string source)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Fault(source, "the header is not a JSON object");
        }

        Dictionary<string, string>? metadata = null;
        Dictionary<string, SafetensorsEntry> found = new(StringComparer.Ordinal);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            bool fresh;
            if (property.NameEquals(Safetensors.MetadataName))
            {
                fresh = metadata is null;
                metadata = ReadMetadata(property.Value, source);
            }
            else
            {
                fresh = found.TryAdd(property.Name, ReadEntry(property.Name, property.Value, data.Length, source));
            }

            if (!fresh)
            {
                throw Fault(source, $"the name {Quote(property.Name)} appears twice");
            }
        }

        return new SafetensorsFile(source, data, metadata ?? [], InDataOrder(found, data.Length, source));
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement value, string source)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Fault(source, $"{Safetensors.MetadataName} is not a JSON object");
        }

        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(property.Name, property.Value.GetString()!))
            {
                throw Fault(source, $"{Safetensors.MetadataName} entry {Quote(property.Name)} is not a string, or appears twice");
            }
        }

        return metadata;
    }

    private static SafetensorsEntry ReadEntry(string name, JsonElement value, int dataLength, string source)
    {
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal)
                .SequenceEqual(["data_offsets", "dtype", "shape"]) is false)
        {
            throw Fault(source, $"tensor {Quote(name)} is not described by exactly dtype, shape and data_offsets");
        }

        JsonElement type = value.GetProperty("dtype");
        string? dtype = type.ValueKind == JsonValueKind.String ? type.GetString() : null;
        int elementSize = Safetensors.ElementSize(dtype);
        if (elementSize == 0)
        {
            throw Fault(source, $"tensor {Quote(name)} has an unknown dtype, {Quote(type.GetRawText())}");
        }

        long[] shape = ReadNumbers(value.GetProperty("shape")) ?? throw Fault(source, $"the shape of tensor {Quote(name)} is not a list of sizes");
        if (ReadNumbers(value.GetProperty("data_offsets")) is not [long begin, long end])
        {
            throw Fault(source, $"the data_offsets of tensor {Quote(name)} are not two whole numbers");
        }

        if (begin > end || end > dataLength)
        {
            throw Fault(source, $"tensor {Quote(name)} claims bytes {begin} to {end} of {dataLength}");
        }

        return Safetensors.ByteLength(elementSize, shape) == end - begin
            ? new SafetensorsEntry(name, dtype!, shape, (int)begin, (int)(end - begin))
            : throw Fault(source, $"tensor {Quote(name)} has {end - begin} bytes, which its shape and dtype {dtype} do not give");
    }

    /// <summary>Whole numbers from 0 on, or null where the value is anything else.</summary>
    private static long[]? ReadNumbers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        long[] numbers = new long[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i++] < 0)
            {
                return null;
            }
        }

        return numbers;
    }

    private static OrderedDictionary<string, SafetensorsEntry> InDataOrder(Dictionary<string, SafetensorsEntry> found, int dataLength, string source)
    {
        OrderedDictionary<string, SafetensorsEntry> entries = new(found.Count, StringComparer.Ordinal);
        int covered = 0;
        foreach (SafetensorsEntry entry in found.Values.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Length))
        {
            if (entry.Offset != covered)
            {
                string relation = entry.Offset < covered ? "overlaps the tensor before it" : "leaves a gap after the tensor before it";
                throw Fault(source, $"tensor {Quote(entry.Name)} {relation}: it begins at byte {entry.Offset}, not {covered}");
            }

            covered += entry.Length;
            entries.Add(entry.Name, entry);
        }

        return covered == dataLength
            ? entries
            : throw Fault(source, $"the tensors cover {covered} of {dataLength} data bytes");
    }

    private static NoPropException Fault(string source, string what) => new(Message(source, what));

    private static string Message(string source, string what) =>
        $"{source} is not a whole safetensors file: {what}; restore it from a copy or use an earlier one";

    /// <summary>Text from a file of unknown origin, fit for one line of a message.</summary>
    private static string Quote(string text)
    {
        string head = text.Length > 80 ? text[..80] + "..." : text;
        return $"'{string.Concat(head.Select(c => char.IsControl(c) ? '?' : c))}'";
    }
}
