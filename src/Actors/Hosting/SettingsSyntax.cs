using System.Text;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace NoProp.Actors.Hosting;

/// <summary>A value as it was written, before a setting's type reads it.</summary>
/// <param name="Text">A single value, or null where there is none.</param>
/// <param name="Items">The entries of a list, or null where it is not one.</param>
internal sealed record RawValue(string? Text, IReadOnlyList<string?>? Items = null)
{
    /// <summary>The entries of a list that may also be written as one text: <c>32,64</c> or <c>[32, 64]</c>.</summary>
    public IReadOnlyList<string?> Entries =>
        Items ?? (Text is ['[', .. string inner, ']'] ? inner : Text)?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The value for an error message.</summary>
    public string Shown => this switch
    {
        { Text: { } text } => text.Length == 0 || text.Any(char.IsControl) ? SettingsSyntax.Quote(text) : text,
        { Items: { } items } => $"[{string.Join(", ", items)}]",
        _ => "(no value)",
    };
}

/// <summary>
/// HOCON as text. Akka's parser takes almost anything: it ends silently at a stray <c>}</c>, takes a text without a closing quote to be the
/// rest of the file, spins for ever on some lists and overflows the stack on a substitution that refers to itself. So the outline is
/// checked here first.
/// </summary>
internal static partial class SettingsSyntax
{
    /// <summary>Parses a file.</summary>
    /// <exception cref="SettingsException">The text is not HOCON; the message gives file and line.</exception>
    public static HoconObject Parse(string text, string name)
    {
        text = text.TrimStart('\uFEFF');
        if (OutlineFault(text) is var (line, fault))
        {
            throw new SettingsException($"{name}, line {line}: {fault}");
        }

        if (TryParse(text) is { } root)
        {
            return root;
        }

        // The parser rarely says where. It accepts unfinished text, so the fault is in the first line that no longer parses.
        string[] lines = text.Split('\n');
        int good = Enumerable.Range(0, lines.Length).Last(count => TryParse(string.Join('\n', lines.Take(count))) is not null);
        throw new SettingsException(
            $"{name}, line {good + 1}: cannot read '{lines[good].Trim()}'; a value with : or = in it needs double quotes");
    }

    /// <summary>What the parser read as a setting's value.</summary>
    public static RawValue Raw(HoconValue value)
    {
        // White space between a value and a comment is one more literal.
        IHoconElement[] parts = [.. value.Values];
        int end = parts.Length;
        while (end > 1 && parts[end - 1] is HoconLiteral literal && string.IsNullOrWhiteSpace(literal.Value))
        {
            end--;
        }

        parts = parts[..end];
        return parts switch
        {
            [HoconArray array] => new(null, [.. array.Select(entry => Raw(entry).Text)]),
            // Not GetString, which trims quoted text too and turns "null" into nothing.
            [_, ..] when parts.All(part => part is HoconLiteral) => new(string.Concat(parts.Select(part => ((HoconLiteral)part).Value))),
            _ => new(null, null),
        };
    }

    /// <summary>What follows the <c>=</c> of <c>--set</c>: a quoted HOCON text, or the characters themselves.</summary>
    public static RawValue Raw(string text) =>
        text is ['"', .., '"'] && OutlineFault(text) is null && TryParse($"v = {text}") is { } root
            ? Raw(root.Items["v"])
            : new(text);

    /// <summary>One setting as a document of its own, the value quoted where it is no HOCON. Null where the path is none.</summary>
    public static Config? Assign(string path, string value)
    {
        bool plain = value.Length > 0
            && !value.Contains('\n')
            && OutlineFault(value) is null
            && TryParse($"v = {value}") is { Items.Count: 1 };
        string text = $"{path} = {(plain ? value : Quote(value))}";
        return PathPattern().IsMatch(path) && TryParse(text) is not null ? ConfigurationFactory.ParseString(text) : null;
    }

    /// <summary>A text in double quotes that is read back as it was.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                _ when char.IsControl(c) => quoted.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    // Names between dots, in quotes where they hold more than letters, digits, - and _.
    [GeneratedRegex("""^([\w-]+|"[^"\\\s]+")(\.([\w-]+|"[^"\\\s]+"))*\z""")]
    private static partial Regex PathPattern();

    private static HoconObject? TryParse(string text)
    {
        try
        {
            return ConfigurationFactory.ParseString(text).Root.GetObject() ?? new HoconObject();
        }
#pragma warning disable CA1031 // The parser throws whatever comes up, down to NullReferenceException.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private static (int Line, string Fault)? OutlineFault(string text)
    {
        Stack<(char Opened, int Line)> open = new();
        int line = 1;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when Next(1) == '/':
                    i = EndOf("\n", i) - 1;
                    break;
                case '"' when Next(1) == '"' && Next(2) == '"':
                    int triple = EndOf("\"\"\"", i + 3);
                    if (triple > text.Length)
                    {
                        return (line, "the text in triple quotes is never closed");
                    }

                    line += text.AsSpan(i, triple - i).Count('\n');
                    i = triple + 2;
                    break;
                case '"':
                    i++;
                    while (i < text.Length && text[i] is not ('"' or '\n'))
                    {
                        i += text[i] == '\\' ? 2 : 1;
                    }

                    if (i >= text.Length || text[i] == '\n')
                    {
                        return (line, "the text in double quotes is not closed");
                    }

                    break;
                case '$' when Next(1) == '{':
                    return (line, "substitutions such as ${name} are not supported; write the value, or put it in double quotes");
                // No text without quotes has these; in a list they make the parser spin for ever.
                case '$' or '`' or '^' or '?' or '!' or '@' or '*' or '&' or '\\':
                case ':' or '=' when open.TryPeek(out var list) && list.Opened == '[':
                    return (line, $"'{text[i]}' must stand in double quotes");
                case '{' or '[':
                    open.Push((text[i], line));
                    break;
                case '}' or ']':
                    if (!open.TryPop(out var opened) || opened.Opened != (text[i] == '}' ? '{' : '['))
                    {
                        return (line, $"'{text[i]}' closes nothing");
                    }

                    break;
            }

            char Next(int offset) => i + offset < text.Length ? text[i + offset] : '\0';
        }

        return open.TryPop(out var unclosed) ? (unclosed.Line, $"'{unclosed.Opened}' is never closed") : null;

        int EndOf(string mark, int from) =>
            from <= text.Length && text.IndexOf(mark, from, StringComparison.Ordinal) is >= 0 and int at ? at : text.Length + 1;
    }
}
