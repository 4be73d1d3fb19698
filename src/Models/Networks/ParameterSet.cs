using System.Runtime.InteropServices;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>One named tensor of a network: a view into the flat memory of its <see cref="ParameterSet"/>.</summary>
public sealed class Parameter
{
    private Tensor? value;

    internal Parameter(string name, long[] shape, float bound, float constant)
    {
        Name = name;
        Shape = shape;
        Bound = bound;
        Constant = constant;
    }

    /// <summary>Dotted name, for example <c>image.conv1.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Shape of <see cref="Value"/>.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The values.</summary>
    /// <exception cref="InvalidOperationException">The set has not been built yet.</exception>
    public Tensor Value
    {
        get => value ?? throw new InvalidOperationException($"{Name} has no memory yet: build the parameter set first");
        internal set => this.value = value;
    }

    /// <summary>Initial values are uniform in [-Bound, Bound); 0 for a constant.</summary>
    internal float Bound { get; }

    /// <summary>Initial values, where they are given one by one.</summary>
    internal float[]? Given { get; init; }

    /// <summary>Initial value where <see cref="Bound"/> is 0.</summary>
    internal float Constant { get; }
}

/// <summary>
/// The weights and the running statistics of a network, each in one flat tensor, so that the optimiser, a snapshot and a hash go over
/// memory once. Layers declare what they need; <see cref="Build"/> allocates it.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    private readonly List<Parameter> weights = [];
    private readonly List<Parameter> statistics = [];
    private Tensor? flat;
    private Tensor? flatStatistics;

    /// <summary>Trained parameters, in the order of their declaration.</summary>
    public IReadOnlyList<Parameter> Weights => weights;

    /// <summary>State that training changes without a gradient: the running mean and variance of batch normalisation.</summary>
    public IReadOnlyList<Parameter> Statistics => statistics;

    /// <summary>Number of trained values.</summary>
    public long Count => weights.Sum(parameter => parameter.Count);

    /// <summary>All weights, float32 [<see cref="Count"/>].</summary>
    public Tensor Flat => flat ?? throw NotBuilt();

    /// <summary>All running statistics, float32 [n], n may be 0.</summary>
    public Tensor FlatStatistics => flatStatistics ?? throw NotBuilt();

    /// <summary>Declares a weight whose initial values are uniform in [-bound, bound).</summary>
    internal Parameter AddUniform(string name, long[] shape, float bound) => Add(weights, new(name, shape, bound, 0));

    /// <summary>Declares a weight with one initial value.</summary>
    internal Parameter AddConstant(string name, long[] shape, float value) => Add(weights, new(name, shape, 0, value));

    /// <summary>Declares a weight with given initial values, row-major.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than the shape has.</exception>
    internal Parameter AddGiven(string name, long[] shape, float[] values)
    {
        Parameter parameter = new(name, shape, 0, 0) { Given = values };
        return parameter.Count == values.Length
            ? Add(weights, parameter)
            : throw new ArgumentException($"{name} of shape [{string.Join(", ", shape)}] was given {values.Length} values", nameof(values));
    }

    /// <summary>Declares a running statistic with one initial value.</summary>
    internal Parameter AddStatistic(string name, long[] shape, float value) => Add(statistics, new(name, shape, 0, value));

    /// <summary>Allocates the memory and sets initial values.</summary>
    /// <param name="key">Where the initial weights are drawn; parameter i is at step i of it.</param>
    internal void Build(NoiseKey key)
    {
        using IDisposable guard = no_grad();
        flat = Allocate(weights);
        flatStatistics = Allocate(statistics);
        for (int i = 0; i < weights.Count; i++)
        {
            if (weights[i].Bound > 0)
            {
                Noise.FillUniform(key with { Step = i }, MemoryMarshal.Cast<byte, float>(weights[i].Value.bytes), weights[i].Bound);
            }

            weights[i].Given?.CopyTo(MemoryMarshal.Cast<byte, float>(weights[i].Value.bytes));
            weights[i].Value.requires_grad_(true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Parameter parameter in weights.Concat(statistics))
        {
            parameter.Value.Dispose();
        }

        flat?.Dispose();
        flatStatistics?.Dispose();
    }

    private static Parameter Add(List<Parameter> list, Parameter parameter)
    {
        list.Add(parameter);
        return parameter;
    }

    private static Tensor Allocate(List<Parameter> parameters)
    {
        Tensor memory = zeros(parameters.Sum(parameter => parameter.Count), ScalarType.Float32).DetachFromDisposeScope();
        long offset = 0;
        foreach (Parameter parameter in parameters)
        {
            using DisposeScope scope = NewDisposeScope();
            parameter.Value = memory.narrow(0, offset, parameter.Count).view([.. parameter.Shape]).detach().DetachFromDisposeScope();
            if (parameter.Constant != 0)
            {
                parameter.Value.FillInPlace(parameter.Constant);
            }

            offset += parameter.Count;
        }

        return memory;
    }

    private static InvalidOperationException NotBuilt() => new("the parameter set has no memory yet: build it first");
}
