using System.Globalization;
using NoProp.Models;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Policies;

/// <summary>The policies of replicas by name.</summary>
public static class ReplicaPolicies
{
    /// <summary>Steps between meetings where the text gives none.</summary>
    public const int DefaultSteps = 10;

    private const int Million = 1_000_000;

    /// <summary>
    /// The policy that <c>local-sgd[:H]</c>, <c>easgd[:ALPHA,H]</c> or <c>delayed-nesterov[:H]</c> means; the last one with another rate and
    /// momentum is <c>delayed-nesterov:H,EPSILON,BETA</c>.
    /// </summary>
    /// <exception cref="NoPropException">The name is not known, or an argument is wrong.</exception>
    public static ReplicaRule Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string? argument = parts.Length == 2 ? parts[1] : null;
        return parts[0] switch
        {
            "local-sgd" => new LocalSgd(Steps(text, argument)),
            "delayed-nesterov" when argument?.Split(',') is [string steps, string rate, string momentum] =>
                new DelayedNesterov(Steps(text, steps), Number(text, rate, "rate", 10), Number(text, momentum, "momentum", 0.999)),
            "delayed-nesterov" => new DelayedNesterov(Steps(text, argument)),
            "easgd" when argument is null => new Easgd(null, DefaultSteps),
            "easgd" when argument.Split(',') is [string alpha, string steps] => new Easgd(Number(text, alpha, "force", 1), Steps(text, steps)),
            "easgd" => throw new NoPropException($"replica policy '{text}' needs a force and a number of steps, as in easgd:0.3,{DefaultSteps}"),
            _ => throw new NoPropException($"unknown replica policy '{text}'; the policies are local-sgd:H, easgd:ALPHA,H, delayed-nesterov:H"),
        };
    }

    /// <summary>The text that <see cref="Parse"/> reads as this policy.</summary>
    public static string TextOf(ReplicaRule rule) => rule switch
    {
        LocalSgd => $"local-sgd:{rule.Steps}",
        Easgd { Alpha: { } alpha } => $"easgd:{Text(alpha)},{rule.Steps}",
        Easgd => "easgd",
        DelayedNesterov nesterov => $"delayed-nesterov:{rule.Steps},{Text(nesterov.Rate)},{Text(nesterov.Momentum)}",
        _ => throw new ArgumentException($"a rule without a name: {rule}", nameof(rule)),
    };

    private static string Text(double number) => number.ToString("0.##################", CultureInfo.InvariantCulture);

    private static int Steps(string text, string? argument) =>
        argument is null ? DefaultSteps
        : int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int steps) && steps is >= 1 and <= Million ? steps
        : throw new NoPropException($"replica policy '{text}': the steps between meetings must be a whole number from 1 to {Million}, as in local-sgd:{DefaultSteps}");

    private static double Number(string text, string argument, string what, double most) =>
        double.TryParse(argument, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number >= 0 && number <= most ? number
        : throw new NoPropException(string.Create(CultureInfo.InvariantCulture, $"replica policy '{text}': the {what} must be a number from 0 to {most}, as in easgd:0.3,{DefaultSteps} or delayed-nesterov:{DefaultSteps},0.7,0.5"));
}
