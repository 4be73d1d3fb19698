using System.Globalization;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>
/// How far the version that a step was computed with may lie behind the one that its gradient meets: <c>none</c> for any; <c>reject:V</c>
/// throws a gradient with a larger lag away; <c>wait:V</c> lets a block begin a step only when no step can come to a larger lag (stale
/// synchronous parallel, Ho et al. 2013).
/// </summary>
/// <param name="Max">Largest lag, in versions; null for any.</param>
/// <param name="Waits">Whether blocks wait, instead of gradients being rejected.</param>
public readonly record struct LagBound(long? Max, bool Waits)
{
    /// <summary><c>none</c>, <c>reject:V</c> or <c>wait:V</c>.</summary>
    public override string ToString() => Max is { } max ? string.Create(CultureInfo.InvariantCulture, $"{(Waits ? "wait" : "reject")}:{max}") : "none";

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="NoPropException">It is none of the three, or V is no whole number.</exception>
    public static LagBound Parse(string text) => text.Split(':') switch
    {
        ["none"] => default,
        ["reject" or "wait", string v] when long.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out long max) => new(max, text[0] == 'w'),
        _ => throw new NoPropException($"unknown lag bound '{text}': it is none, reject:V or wait:V with a whole number V of versions, as in reject:100"),
    };
}
