using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>Parameters that are trained together, and how their optimiser's moments are kept.</summary>
/// <param name="Parameters">The parameters.</param>
/// <param name="Prefix">Before their names in a snapshot.</param>
/// <param name="Contributors">Blocks with optimiser moments of their own for these parameters; 0 where all share one set of moments.</param>
internal sealed record TrainedSet(ParameterSet Parameters, string Prefix = "", int Contributors = 0);

/// <summary>
/// Parameters with their optimisers and their clock: what a snapshot holds. Tensors are stored under the parameters' names, the optimisers'
/// moments under <c>optimizer.exp_avg.NAME</c> and <c>optimizer.exp_avg_sq.NAME</c>, those of one contributing block under
/// <c>optimizer.block-NN.exp_avg.NAME</c>.
/// </summary>
internal sealed class TrainingState : IDisposable
{
    private const string ClockKey = "clock";

    private readonly string name;
    private readonly IReadOnlyList<TrainedSet> sets;
    private readonly Func<long, IOptimiser> createOptimiser;
    private readonly List<Moments> moments = [];

    /// <summary>The state of some parameters, initial or from a snapshot.</summary>
    /// <param name="name">Name of its snapshots.</param>
    /// <param name="sets">The parameters, on the CPU; moved to the device.</param>
    /// <param name="createOptimiser">An optimiser for so many values.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    /// <param name="device">Where parameters and moments are from now on. Snapshots are bytes wherever it is.</param>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public TrainingState(string name, IReadOnlyList<TrainedSet> sets, Func<long, IOptimiser> createOptimiser, Snapshot? from, ComputeDevice device = default)
    {
        (this.name, this.sets, this.createOptimiser) = (name, sets, createOptimiser);
        SafetensorsFile? file = from is null ? null : Restore(name, sets, from);
        foreach (TrainedSet set in sets)
        {
            int contributors = file is null ? set.Contributors : Contributors(file, set);
            moments.AddRange(contributors == 0
                ? [new Moments(set, "", createOptimiser(set.Parameters.Count))]
                : BlockId.UpTo(contributors).Select(block => new Moments(set, Owner(block), createOptimiser(set.Parameters.Count))));
        }

        if (from is not null && file is not null)
        {
            foreach (Moments kept in moments)
            {
                Copy(file, kept.Set.Parameters.Weights, kept.FirstPrefix, kept.Optimiser.FirstMoment, from.Name);
                Copy(file, kept.Set.Parameters.Weights, kept.SecondPrefix, kept.Optimiser.SecondMoment, from.Name);
                kept.Steps = kept.Owner.Length == 0 && !file.Metadata.ContainsKey(kept.StepsKey) ? from.Clock : ReadCount(file, kept.StepsKey);
            }

            Clock = from.Clock;
            Notes = file.Metadata;
        }

        foreach (TrainedSet set in sets)
        {
            set.Parameters.MoveTo(device);
        }

        moments.ForEach(kept => kept.Optimiser.MoveTo(device));
        Weights = [.. sets.SelectMany(set => set.Parameters.Weights).Select(parameter => parameter.Value)];
    }

    /// <summary>Optimiser steps made.</summary>
    public long Clock { get; private set; }

    /// <summary>What the snapshot that this state comes from said beside its tensors.</summary>
    public IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>();

    /// <summary>Number of trained values.</summary>
    public long Count => sets.Sum(set => set.Parameters.Count);

    /// <summary>All trained parameters, one leaf of the autograd graph each.</summary>
    public IReadOnlyList<Tensor> Weights { get; }

    /// <summary>The memory of it all, in the order of a snapshot: weights, running statistics, first moments, second moments.</summary>
    public IEnumerable<Tensor> Memory =>
    [
        .. sets.Select(set => set.Parameters.Flat),
        .. sets.Select(set => set.Parameters.FlatStatistics),
        .. moments.Select(kept => kept.Optimiser.FirstMoment),
        .. moments.Select(kept => kept.Optimiser.SecondMoment),
    ];

    /// <summary>Sets weights and running statistics from a snapshot.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged, of another owner or of another network.</exception>
    public static SafetensorsFile Restore(string name, IReadOnlyList<TrainedSet> sets, Snapshot from)
    {
        if (from.Name != name)
        {
            throw new NoPropException($"a snapshot of {from.Name} was given to {name}");
        }

        SafetensorsFile file = SafetensorsFile.Parse(from.Safetensors, from.Name);
        foreach (TrainedSet set in sets)
        {
            Copy(file, set.Parameters.Weights, set.Prefix, set.Parameters.Flat, from.Name);
            Copy(file, set.Parameters.Statistics, set.Prefix, set.Parameters.FlatStatistics, from.Name);
        }

        // A network with one more layer has all that this one wants, and would lose the layer unseen.
        HashSet<string> known = [.. sets.SelectMany(set => set.Parameters.Weights.Concat(set.Parameters.Statistics).Select(parameter => set.Prefix + parameter.Name))];
        string? surplus = file.Entries.Keys.FirstOrDefault(tensor =>
            !known.Contains(tensor) && !tensor.StartsWith(WeightsHash.OptimizerPrefix, StringComparison.Ordinal));
        return surplus is null
            ? file
            : throw new NoPropException($"snapshot {from.Name} is of another network: it has {surplus}, and this network has not");
    }

    /// <summary>The same for a single network.</summary>
    public static SafetensorsFile Restore(string name, ParameterSet parameters, Snapshot from) => Restore(name, [new TrainedSet(parameters)], from);

    /// <summary>Says that <see cref="Memory"/> holds what so many steps have made of it elsewhere.</summary>
    public void GoOnFrom(long clock)
    {
        Clock = clock;
        moments.ForEach(kept => kept.Steps = clock);
    }

    /// <summary>One optimiser step.</summary>
    /// <param name="gradient">float32 [<see cref="Count"/>], in the order of <see cref="Weights"/>.</param>
    /// <param name="contributor">The block that it comes from, for parameters whose moments are kept per block.</param>
    /// <param name="rate">Factor of the learning rate of a set; one whose factor is 0 is left out. All have 1 where it is null.</param>
    public void Step(Tensor gradient, BlockId? contributor = null, Func<TrainedSet, double>? rate = null)
    {
        Clock++;
        long offset = 0;
        foreach (TrainedSet set in sets)
        {
            Moments kept = moments.First(candidate => candidate.Set == set && (candidate.Owner.Length == 0 || contributor is null || candidate.Owner == Owner(contributor.Value)));
            if ((rate?.Invoke(set) ?? 1) is var factor and not 0)
            {
                kept.Optimiser.Step(set.Parameters.Flat, gradient.narrow(0, offset, set.Parameters.Count), ++kept.Steps, factor);
            }

            offset += set.Parameters.Count;
        }
    }

    /// <summary>
    /// Gives each of so many blocks moments of its own for a set, which begin as the shared ones with their count; or, for none, gives them one
    /// set again: the mean of theirs, with the largest count.
    /// </summary>
    public void KeepMoments(TrainedSet set, int contributors)
    {
        Moments[] old = [.. moments.Where(kept => kept.Set == set)];
        if (old.Length == Math.Max(contributors, 1) && (contributors > 0) == (old[0].Owner.Length > 0))
        {
            return;
        }

        Moments[] made = contributors == 0
            ? [new Moments(set, "", createOptimiser(set.Parameters.Count))]
            : [.. BlockId.UpTo(contributors).Select(block => new Moments(set, Owner(block), createOptimiser(set.Parameters.Count)))];
        foreach (Moments kept in made)
        {
            Mean(old.Select(from => from.Optimiser.FirstMoment), kept.Optimiser.FirstMoment);
            Mean(old.Select(from => from.Optimiser.SecondMoment), kept.Optimiser.SecondMoment);
            kept.Steps = old.Max(from => from.Steps);
        }

        int at = moments.IndexOf(old[0]);
        moments.RemoveAll(kept => kept.Set == set);
        moments.InsertRange(at, made);
        Array.ForEach(old, kept => kept.Optimiser.Dispose());
    }

    /// <summary>The state now.</summary>
    /// <param name="notes">What is to stand beside the tensors.</param>
    /// <param name="more">Further tensors that belong to the optimiser, by name.</param>
    /// <param name="spare">A state whose memory is written over where it has the size that is needed; null for new memory.</param>
    public Snapshot Snapshot(
        IReadOnlyDictionary<string, string>? notes = null, IReadOnlyDictionary<string, ImmutableArray<float>>? more = null, Snapshot? spare = null)
    {
        more ??= ImmutableDictionary<string, ImmutableArray<float>>.Empty;
        (IEnumerable<Parameter> Parameters, string Prefix)[] parts =
        [
            .. sets.Select(set => (set.Parameters.Weights.AsEnumerable(), set.Prefix)),
            .. sets.Select(set => (set.Parameters.Statistics.AsEnumerable(), set.Prefix)),
            .. moments.Select(kept => (kept.Set.Parameters.Weights.AsEnumerable(), kept.FirstPrefix)),
            .. moments.Select(kept => (kept.Set.Parameters.Weights.AsEnumerable(), kept.SecondPrefix)),
        ];
        Dictionary<string, string> metadata = new(notes ?? new Dictionary<string, string>()) { [ClockKey] = Text(Clock), ["name"] = name };
        foreach (Moments kept in moments.Where(kept => kept.Owner.Length > 0 || kept.Steps != Clock))
        {
            metadata[kept.StepsKey] = Text(kept.Steps);
        }

        (byte[] bytes, int offset) = Safetensors.Allocate(
            [
                .. parts.SelectMany(part => part.Parameters.Select(parameter => (part.Prefix + parameter.Name, "F32", parameter.Shape.ToArray()))),
                .. more.Select(tensor => (WeightsHash.OptimizerPrefix + tensor.Key, "F32", new long[] { tensor.Value.Length }))],
            metadata,
            cleared: false,
            spare?.Safetensors);
        foreach (Tensor memory in Memory)
        {
            using Tensor here = memory.cpu();
            Span<byte> source = here.bytes;
            source.CopyTo(bytes.AsSpan(offset));
            offset += source.Length;
        }

        foreach (ImmutableArray<float> values in more.Values)
        {
            ReadOnlySpan<byte> source = MemoryMarshal.AsBytes(values.AsSpan());
            source.CopyTo(bytes.AsSpan(offset));
            offset += source.Length;
        }

        return new Snapshot(name, Clock, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => moments.ForEach(kept => kept.Optimiser.Dispose());

    // Replicas are numbered through: the head knows no other names of them.
    private static string Owner(BlockId block) => new BlockId(block.Value).FileName + ".";

    /// <summary>Blocks that have moments of their own for a set in a snapshot; 0 where they share them.</summary>
    private static int Contributors(SafetensorsFile file, TrainedSet set)
    {
        int count = 0;
        while (file.Entries.ContainsKey($"{WeightsHash.OptimizerPrefix}{Owner(new BlockId(count + 1))}exp_avg.{set.Prefix}{set.Parameters.Weights[0].Name}"))
        {
            count++;
        }

        return count;
    }

    private static void Mean(IEnumerable<Tensor> from, Tensor to)
    {
        Span<float> mean = MemoryMarshal.Cast<byte, float>(to.bytes);
        double[] sums = new double[mean.Length];
        int count = 0;
        foreach (Tensor moment in from)
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(moment.bytes);
            count++;
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] += values[i];
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            mean[i] = (float)(sums[i] / count);
        }
    }

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static long ReadCount(SafetensorsFile file, string key) =>
        long.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            ? count
            : throw new NoPropException($"the snapshot does not say how often its optimiser has stepped ({key})");

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

    /// <summary>The optimiser of a set, or of a set and one contributing block.</summary>
    private sealed class Moments(TrainedSet set, string owner, IOptimiser optimiser)
    {
        public TrainedSet Set => set;

        public string Owner => owner;

        public IOptimiser Optimiser => optimiser;

        public long Steps { get; set; }

        // A set that was left out of some steps has a count of its own.
        public string StepsKey => owner.Length > 0 ? owner + ClockKey : $"{set.Parameters.Weights[0].Name}.{ClockKey}";

        public string FirstPrefix => $"{WeightsHash.OptimizerPrefix}{owner}exp_avg.{set.Prefix}";

        public string SecondPrefix => $"{WeightsHash.OptimizerPrefix}{owner}exp_avg_sq.{set.Prefix}";
    }
}
