using System.Globalization;
using NoProp.Models.Checkpoints;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>
/// A network with its optimiser and its clock: what a snapshot holds. Its tensors are stored under the parameters' names, the optimiser's
/// moments under <c>optimizer.exp_avg.NAME</c> and <c>optimizer.exp_avg_sq.NAME</c>.
/// </summary>
internal sealed class TrainingState : IDisposable
{
    private const string ClockKey = "clock";

    private readonly string name;
    private readonly ParameterSet parameters;
    private readonly AdamW optimiser;

    /// <summary>The state of a network, initial or from a snapshot.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public TrainingState(string name, ParameterSet parameters, double learningRate, double weightDecay, Snapshot? from)
    {
        this.name = name;
        this.parameters = parameters;
        optimiser = new AdamW(parameters.Count, learningRate, weightDecay);
        if (from is not null)
        {
            SafetensorsFile file = Restore(name, parameters, from);
            Copy(file, parameters.Weights, FirstMomentPrefix, optimiser.FirstMoment, from.Name);
            Copy(file, parameters.Weights, SecondMomentPrefix, optimiser.SecondMoment, from.Name);
            Clock = from.Clock;
        }
    }

    /// <summary>Optimiser steps made.</summary>
    public long Clock { get; private set; }

    private static string FirstMomentPrefix => WeightsHash.OptimizerPrefix + "exp_avg.";

    private static string SecondMomentPrefix => WeightsHash.OptimizerPrefix + "exp_avg_sq.";

    /// <summary>Sets weights and running statistics from a snapshot.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged, of another owner or of another network.</exception>
    public static SafetensorsFile Restore(string name, ParameterSet parameters, Snapshot from)
    {
        if (from.Name != name)
        {
            throw new NoPropException($"a snapshot of {from.Name} was given to {name}");
        }

        SafetensorsFile file = SafetensorsFile.Parse(from.Safetensors, from.Name);
        Copy(file, parameters.Weights, "", parameters.Flat, from.Name);
        Copy(file, parameters.Statistics, "", parameters.FlatStatistics, from.Name);

        // A network with one more layer has all that this one wants, and would lose the layer unseen.
        HashSet<string> known = [.. parameters.Weights.Concat(parameters.Statistics).Select(parameter => parameter.Name)];
        string? surplus = file.Entries.Keys.FirstOrDefault(tensor =>
            !known.Contains(tensor) && !tensor.StartsWith(WeightsHash.OptimizerPrefix, StringComparison.Ordinal));
        return surplus is null
            ? file
            : throw new NoPropException($"snapshot {from.Name} is of another network: it has {surplus}, and this network has not");
    }

    /// <summary>One optimiser step down the gradient of a loss.</summary>
    public void Descend(Tensor loss)
    {
        IList<Tensor> gradients = autograd.grad([loss], [.. parameters.Weights.Select(parameter => parameter.Value)]);
        Clock++;
        optimiser.Step(parameters.Flat, cat([.. gradients.Select(gradient => gradient.flatten())]), Clock);
    }

    /// <summary>The state now.</summary>
    public Snapshot Snapshot()
    {
        (string, string, long[])[] tensors =
        [
            .. Describe(parameters.Weights, ""),
            .. Describe(parameters.Statistics, ""),
            .. Describe(parameters.Weights, FirstMomentPrefix),
            .. Describe(parameters.Weights, SecondMomentPrefix),
        ];
        Dictionary<string, string> metadata = new() { [ClockKey] = Clock.ToString(CultureInfo.InvariantCulture), ["name"] = name };
        (byte[] bytes, int offset) = Safetensors.Allocate(tensors, metadata);
        foreach (Tensor memory in (Tensor[])[parameters.Flat, parameters.FlatStatistics, optimiser.FirstMoment, optimiser.SecondMoment])
        {
            Span<byte> source = memory.bytes;
            source.CopyTo(bytes.AsSpan(offset));
            offset += source.Length;
        }

        return new Snapshot(name, Clock, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => optimiser.Dispose();

    private static IEnumerable<(string, string, long[])> Describe(IEnumerable<Parameter> parameters, string prefix) =>
        parameters.Select(parameter => (prefix + parameter.Name, "F32", parameter.Shape.ToArray()));

    private static void Copy(SafetensorsFile file, IEnumerable<Parameter> parameters, string prefix, Tensor memory, string source)
    {
        Span<byte> destination = memory.bytes;
        foreach (Parameter parameter in parameters)
        {
            string tensor = prefix + parameter.Name;
            if (!file.Entries.TryGetValue(tensor, out SafetensorsEntry? entry) || entry.Dtype != "F32" || !entry.Shape.SequenceEqual(parameter.Shape))
            {
                throw new NoPropException(
                    $"snapshot {source} is of another network: {tensor} should be F32 [{string.Join(", ", parameter.Shape)}]"
                    + (entry is null ? " and is missing" : $" and is {entry.Dtype} [{string.Join(", ", entry.Shape)}]"));
            }

            file.Data(tensor).CopyTo(destination);
            destination = destination[entry.Length..];
        }
    }
}
