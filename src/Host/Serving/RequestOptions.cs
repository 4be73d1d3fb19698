using System.Globalization;
using Microsoft.AspNetCore.Http;
using NoProp.Actors.Inference;

namespace NoProp.Host.Serving;

/// <summary>What a request says besides its images.</summary>
/// <param name="Request">For the chain; without images.</param>
/// <param name="Invert">Whether dark becomes bright, in pictures.</param>
/// <param name="Max">The number that stands for full intensity in JSON; null for the model's.</param>
internal sealed record RequestOptions(PredictionRequest Request, bool Invert, float? Max)
{
    private static readonly string[] Names = ["seed", "samples", "stochastic", "depth", "stopAt", "steps", "trace", "invert"];

    /// <summary>Reads options.</summary>
    /// <param name="given">Names and values.</param>
    /// <param name="mostSamples">Draws of noise that may be asked for.</param>
    /// <exception cref="RequestException">One is not known or not allowed.</exception>
    public static RequestOptions Read(IEnumerable<(string Name, string Value)> given, int mostSamples)
    {
        RequestOptions options = new(new PredictionRequest(ReadOnlyMemory<float>.Empty), false, null);
        HashSet<string> seen = [];
        foreach ((string name, string value) in given)
        {
            if (!seen.Add(name))
            {
                throw Bad($"{name} is given twice");
            }

            PredictionRequest request = options.Request;
            options = name switch
            {
                "seed" => options with { Request = request with { Seed = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : throw NotAllowed("a whole number from 0 to 18446744073709551615") } },
                "samples" => options with { Request = request with { Samples = Whole(1, mostSamples) } },
                "stochastic" => options with { Request = request with { Stochastic = Switch() } },
                "depth" => options with { Request = request with { Depth = Whole(1, int.MaxValue) } },
                "stopAt" => options with { Request = request with { StopAt = Number() } },
                "steps" => options with { Request = request with { Steps = Whole(1, 100_000) } },
                "trace" => options with { Request = request with { Trace = Switch() } },
                "invert" => options with { Invert = Switch() },
                "max" => options with { Max = Number() is var max and > 0 && float.IsFinite((float)max) && (float)max > 0 ? (float)max : throw NotAllowed("a number above 0") },
                _ => throw Bad($"{name} is not known: there are {string.Join(", ", Names)}"),
            };

            bool Switch() => value switch { "true" => true, "false" => false, _ => throw NotAllowed("true or false") };
            int Whole(int from, int to) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int whole) && whole >= from && whole <= to
                ? whole
                : throw NotAllowed($"a whole number from {from} to {to}");
            double Number() => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : throw NotAllowed("a number");
            RequestException NotAllowed(string allowed) => Bad($"{name} {Shown(value)}: must be {allowed}");
        }

        return options;
    }

    /// <summary>A text of a caller, cut to a length at which it can be repeated.</summary>
    public static string Shown(string text) => text.Length <= 40 ? text : $"{text[..40]}...";

    private static RequestException Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}
