using System.Collections.Immutable;
using System.Globalization;
using NoProp.Models;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Policies;

/// <summary>The built-in policies of shared parameters, by name.</summary>
public static class SharedPolicies
{
    /// <summary>Names, in the order in which help lists them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["immediate", "averaged", "staleness-scaled", "delay-compensated", "gossip"];

    /// <summary>The policy that <c>NAME[:ARG]</c> means.</summary>
    /// <exception cref="NoPropException">The name is not known, or the argument is not wanted or out of range.</exception>
    public static ISharedPolicy Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string? argument = parts.Length == 2 ? parts[1] : null;
        return parts[0] switch
        {
            "staleness-scaled" => new StalenessScaledPolicy(Number(text, argument, 1, 10)),
            "delay-compensated" => new DelayCompensatedPolicy(Number(text, argument, 0.04, 1000)),
            "immediate" when argument is null => new ImmediatePolicy(),
            "averaged" when argument is null => new AveragedPolicy(),
            "gossip" when argument is null => new GossipPolicy(),
            _ when Names.Contains(parts[0]) => throw new NoPropException($"policy '{parts[0]}' takes no argument, but '{text}' gives it '{argument}'"),
            _ => throw new NoPropException(
                $"unknown embedding policy '{text}'{(Nearest.Of(parts[0], Names) is { } near ? $": did you mean '{near}'?" : "")}; the policies are {string.Join(", ", Names)}"),
        };
    }

    private static double Number(string text, string? argument, double usual, double most) =>
        argument is null ? usual
        : double.TryParse(argument, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value <= most ? value
        : throw new NoPropException(string.Create(CultureInfo.InvariantCulture, $"policy '{text}': the argument must be a number from 0 to {most}, as in {text.Split(':')[0]}:{usual}"));
}

/// <summary>Each gradient is applied when it comes: W = W - lr g(W_pinned) (Hogwild-like asynchronous SGD, Recht et al. 2011).</summary>
public sealed class ImmediatePolicy : ISharedPolicy
{
    /// <inheritdoc/>
    public string Name => "immediate";

    /// <inheritdoc/>
    public SharedDecision Decide(SharedView view, SharedUpdate update) => new SharedDecision.Apply();
}

/// <summary>
/// The gradients of all blocks at the same step are applied together, in the order of the blocks, each step with their mean: the sum does
/// not depend on who was first (synchronous SGD over the blocks of a round).
/// </summary>
public sealed class AveragedPolicy : ISharedPolicy
{
    /// <inheritdoc/>
    public string Name => "averaged";

    /// <inheritdoc/>
    public SharedDecision Decide(SharedView view, SharedUpdate update)
    {
        for (int i = 0; i < view.Taken.Length; i++)
        {
            if (i != update.Block.Index && view.Taken[i] <= update.Step)
            {
                return new SharedDecision.Hold();
            }
        }

        return new SharedDecision.ApplyMean();
    }
}

/// <summary>The learning rate shrinks with the lag, lr / (1 + lag)^a (Zhang et al. 2016, staleness-aware SGD, has a = 1; Xie et al. 2019, FedAsync, the power).</summary>
public sealed class StalenessScaledPolicy(double power) : ISharedPolicy
{
    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"staleness-scaled:{power}");

    /// <inheritdoc/>
    public SharedDecision Decide(SharedView view, SharedUpdate update) =>
        new SharedDecision.Apply(Rate: Math.Pow(1 + (view.Version - update.Version), -power));
}

/// <summary>
/// The gradient is corrected for what happened meanwhile, g + lambda g * g * (W - W_pinned), * by element: g * g stands for the diagonal of
/// the Hessian (Zheng et al. 2017, DC-ASGD, equation 10).
/// </summary>
public sealed class DelayCompensatedPolicy(double lambda) : ISharedPolicy
{
    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"delay-compensated:{lambda}");

    /// <inheritdoc/>
    public SharedDecision Decide(SharedView view, SharedUpdate update) => new SharedDecision.Apply(Compensation: lambda);
}

/// <summary>
/// Each block has its own copy of W and moves it; after each step copy and that of a random partner are both set to their mean (Boyd et
/// al. 2006; Blot et al. 2016, GoSGD). Readers of the run see the mean of all copies.
/// </summary>
public sealed class GossipPolicy : ISharedPolicy
{
    /// <inheritdoc/>
    public string Name => "gossip";

    /// <inheritdoc/>
    public bool KeepsCopies => true;

    /// <inheritdoc/>
    public SharedDecision Decide(SharedView view, SharedUpdate update)
    {
        ImmutableArray<long> blocks = view.Taken;
        if (blocks.Length == 1)
        {
            return new SharedDecision.Apply();
        }

        // Stream 1 of the policy's random numbers: stream 0 chooses blocks.
        int other = Noise.Choice(new NoiseKey(view.Seed, NoiseStream.Policy, 1, view.Version), blocks.Length - 1);
        return new SharedDecision.Mix(view.Block(other < update.Block.Index ? other : other + 1));
    }
}
