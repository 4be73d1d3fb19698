using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;

namespace NoProp.Host.Replaying;

/// <summary>One of the runs that are begun from the same state.</summary>
/// <param name="Name">What its folder and the report call it: its policies as they were given.</param>
/// <param name="Settings">Its policies.</param>
internal sealed record ForkArm(string Name, IReadOnlyList<SettingsFlag> Settings)
{
    /// <summary>Name of its folder.</summary>
    public string FileName => string.Concat(Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-'));

    /// <summary>
    /// Reads arms. <c>async,bounded:4</c> is two of them, each with another policy of the blocks; a text with <c>=</c> is one that sets several,
    /// as in <c>async;embedding=averaged;refresh=4</c>.
    /// </summary>
    /// <param name="texts">What was given.</param>
    /// <exception cref="SettingsException">A thing has no policy of that name, or two arms are the same.</exception>
    public static IReadOnlyList<ForkArm> Parse(IEnumerable<string> texts)
    {
        ForkArm[] arms = [.. texts.SelectMany(text => text.Contains('=', StringComparison.Ordinal) ? [text] : text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(One)];
        if (arms.Length == 0)
        {
            throw new SettingsException("--policies names no arm: give policies, as in --policies async,lockstep");
        }

        return arms.GroupBy(arm => arm.FileName).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new SettingsException($"--policies names the arm {twice.First().Name} twice")
            : arms;
    }

    private static ForkArm One(string text) => new(text, [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Setting)]);

    private static SettingsFlag Setting(string part)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        (string thing, string policy) = equals < 0 ? ("blocks", part) : (part[..equals], part[(equals + 1)..]);
        return PolicyTable.All.Any(known => known.Name == thing)
            ? new($"noprop.policy.{thing}", policy, "--policies")
            : throw new SettingsException($"--policies {part}: there is no policy for '{thing}', only for {string.Join(", ", PolicyTable.All.Select(known => known.Name))}");
    }
}
