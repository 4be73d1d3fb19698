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

    internal Parameter(string name, long[] shape, Action<NoiseKey, Span<float>> initialise)
    {
        Name = name;
        Shape = shape;
        Initialise = initialise;
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

    /// <summary>Writes the initial values, in row-major order, with random numbers from the given address.</summary>
    internal Action<NoiseKey, Span<float>> Initialise { get; }
}

/// <summary>
/// The weights and the running statistics of a network, each in one flat tensor, so that the optimiser, a snapshot and a hash go over
/// memory once. Layers declare what they need; <see cref="Build"/> allocates it.
/// </summary>
/// <param name="precision">In what the network's products are made. All that is held here is float32.</param>
public sealed class ParameterSet(Precision precision = Precision.Float32) : IDisposable
{
    private readonly List<Parameter> weights = [];
    private readonly List<Parameter> statistics = [];
    private Tensor? flat;
    private Tensor? flatStatistics;

    /// <summary>In what the network's products are made.</summary>
    public Precision Precision => precision;

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
    internal Parameter AddUniform(string name, long[] shape, float bound) =>
        Add(weights, new(name, shape, (key, values) => Noise.FillUniform(key, values, bound)));

    /// <summary>Declares a weight whose initial values are normal with mean 0.</summary>
    internal Parameter AddNormal(string name, long[] shape, float standardDeviation) =>
        Add(weights, new(name, shape, (key, values) =>
        {
            Noise.FillNormal(key, values);
            foreach (ref float value in values)
            {
                value *= standardDeviation;
            }
        }));

    /// <summary>Declares a weight with one initial value.</summary>
    internal Parameter AddConstant(string name, long[] shape, float value) => Add(weights, new(name, shape, (_, values) => values.Fill(value)));

    /// <summary>Declares a weight with the given initial values, in row-major order.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than the shape holds.</exception>
    internal Parameter AddGiven(string name, long[] shape, float[] initial)
    {
        Parameter parameter = new(name, shape, (_, values) => initial.CopyTo(values));
        if (initial.Length != parameter.Count)
        {
            throw new ArgumentException($"{name} holds {parameter.Count} values and was given {initial.Length}", nameof(initial));
        }

        return Add(weights, parameter);
    }

    /// <summary>Declares a running statistic with one initial value.</summary>
    internal Parameter AddStatistic(string name, long[] shape, float value) =>
        Add(statistics, new(name, shape, (_, values) => values.Fill(value)));

    /// <summary>Allocates the memory and sets initial values.</summary>
    /// <param name="key">Where the initial weights are drawn; weight i is at step i of it, whatever comes before it.</param>
    internal void Build(NoiseKey key) => AllocateAll(parameters => Initialise(parameters, key));

    /// <summary>Allocates the memory, of zeros, for a caller who sets all values: to draw a network takes longer than to read it from a snapshot.</summary>
    internal void BuildEmpty() => AllocateAll(_ => { });

    private void AllocateAll(Action<List<Parameter>> initialise)
    {
        using IDisposable guard = no_grad();
        flat = Allocate(weights);
        flatStatistics = Allocate(statistics);
        initialise(weights);
        initialise(statistics);
        foreach (Parameter weight in weights)
        {
            weight.Value.requires_grad_(true);
        }
    }

    /// <summary>
    /// Moves the memory to a device; <see cref="Parameter.Value"/> is then there. What is to be on the CPU stays where it was built. On a GPU
    /// this process makes float32 products from now on as <see cref="Precision"/> says.
    /// </summary>
    /// <exception cref="InvalidOperationException">The set has not been built yet.</exception>
    internal void MoveTo(ComputeDevice device)
    {
        if (device == ComputeDevice.Cpu)
        {
            return;
        }

        TorchRuntime.ComputeOn(device, isTf32: precision == Precision.Tf32);
        using IDisposable guard = no_grad();
        flat = Move(Flat, weights, device);
        flatStatistics = Move(FlatStatistics, statistics, device);
        foreach (Parameter weight in weights)
        {
            weight.Value.requires_grad_(true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (flat is null)
        {
            return;
        }

        foreach (Parameter parameter in weights.Concat(statistics))
        {
            parameter.Value.Dispose();
        }

        flat.Dispose();
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
        View(memory, parameters);
        return memory;
    }

    private static void Initialise(List<Parameter> parameters, NoiseKey key)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            parameters[i].Initialise(key with { Step = i }, MemoryMarshal.Cast<byte, float>(parameters[i].Value.bytes));
        }
    }

    private static Tensor Move(Tensor memory, List<Parameter> parameters, ComputeDevice device)
    {
        Tensor moved = memory.to(device.Torch, copy: true).DetachFromDisposeScope();
        parameters.ForEach(parameter => parameter.Value.Dispose());
        memory.Dispose();
        View(moved, parameters);
        return moved;
    }

    private static void View(Tensor memory, List<Parameter> parameters)
    {
        long offset = 0;
        foreach (Parameter parameter in parameters)
        {
            using DisposeScope scope = NewDisposeScope();
            parameter.Value = memory.narrow(0, offset, parameter.Count).view([.. parameter.Shape]).detach().DetachFromDisposeScope();
            offset += parameter.Count;
        }
    }

    private static InvalidOperationException NotBuilt() => new("the parameter set has no memory yet: build it first");
}
