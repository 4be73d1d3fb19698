namespace NoProp.Models.Checkpoints;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">The tensor's name, unique in the file.</param>
/// <param name="Dtype">Element type in the format's own words: <c>F32</c>, <c>I64</c>, <c>U8</c>...</param>
/// <param name="Shape">Size of each dimension; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from where the data begin (not from the start of the file).</param>
/// <param name="Length">Number of bytes: the elements times the size of one.</param>
public sealed record SafetensorsEntry(string Name, string Dtype, long[] Shape, int Offset, int Length);
