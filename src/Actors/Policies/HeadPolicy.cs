using System.Globalization;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>
/// When the head's own terms (cross-entropy, KL) are trained: <c>with-block</c>, together with each gradient of a block, T times for a
/// mini-batch as in Algorithm 1; <c>free-running:N</c>, in steps of their own, N for a mini-batch.
/// </summary>
/// <param name="PerBatch">N; null for with-block.</param>
public readonly record struct HeadPolicy(int? PerBatch)
{
    /// <summary><c>with-block</c> or <c>free-running:N</c>.</summary>
    public override string ToString() => PerBatch is { } n ? string.Create(CultureInfo.InvariantCulture, $"free-running:{n}") : "with-block";

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="NoPropException">It is neither, or N is not a whole number from 1 to 10000.</exception>
    public static HeadPolicy Parse(string text) => text.Split(':') switch
    {
        ["with-block"] => default,
        ["free-running", string n] when int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 10_000 => new(count),
        _ => throw new NoPropException($"unknown head policy '{text}': it is with-block, or free-running:N with N steps for a mini-batch, 1 to 10000, as in free-running:10"),
    };

    /// <summary>Steps of the head by its own terms that belong to so many steps of blocks.</summary>
    /// <param name="blockSteps">Steps of all blocks together.</param>
    /// <param name="blocks">Number of blocks T.</param>
    public long OwnSteps(long blockSteps, int blocks) => PerBatch is { } n ? blockSteps * n / blocks : blockSteps;
}
