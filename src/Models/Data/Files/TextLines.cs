using System.Text;

namespace NoProp.Models.Data.Files;

/// <summary>Lines of a small text file.</summary>
internal static class TextLines
{
    /// <summary>The lines of UTF-8 text, trimmed at their ends, without empty ones.</summary>
    public static IReadOnlyList<string> Of(byte[] text) =>
        Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
