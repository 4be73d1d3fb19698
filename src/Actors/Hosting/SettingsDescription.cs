namespace NoProp.Actors.Hosting;

/// <summary>One setting as help shows it.</summary>
/// <param name="Path">Full path, <c>noprop.blocks</c>.</param>
/// <param name="Default">Its default, as noprop.conf writes it.</param>
/// <param name="Allowed">The allowed values in words.</param>
/// <param name="Meaning">What it means and when to change it.</param>
public sealed record SettingsDescription(string Path, string Default, string Allowed, string Meaning)
{
    /// <summary>Every setting, in the order of noprop.conf. Its comments are the text, so that there is one place for it.</summary>
    public static IReadOnlyList<SettingsDescription> All { get; } = [.. Read(SettingsHocon.Resource("noprop.conf").Text)];

    // noprop.conf is ours, so one form is enough: a comment of whole lines, then `name {`, `}` or `name = value`.
    private static IEnumerable<SettingsDescription> Read(string text)
    {
        Stack<string> path = new();
        List<string> comment = [];
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('#'))
            {
                comment.Add(line[1..].Trim());
                continue;
            }

            if (line.EndsWith('{'))
            {
                path.Push((path.TryPeek(out string? outer) ? outer + "." : "") + line[..^1].Trim());
            }
            else if (line == "}")
            {
                path.Pop();
            }
            else if (line.Split(" = ", 2) is [var key, var value])
            {
                string said = string.Join(' ', comment);
                int allowed = said.LastIndexOf("Allowed: ", StringComparison.Ordinal);
                yield return new(
                    $"{path.Peek()}.{key}",
                    value,
                    allowed < 0 ? "" : said[(allowed + "Allowed: ".Length)..].TrimEnd('.'),
                    allowed < 0 ? said : said[..allowed].Trim());
            }

            comment.Clear();
        }
    }
}
