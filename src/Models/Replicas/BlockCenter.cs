using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using NoProp.Models.Checkpoints;

namespace NoProp.Models.Replicas;

/// <summary>What a meeting of replicas gave.</summary>
/// <param name="Center">The block as all replicas have made it so far: what inference reads.</param>
/// <param name="Replicas">States with which replicas go on, by their number from 0.</param>
public sealed record Meeting(Snapshot Center, ImmutableArray<(int Replica, Snapshot State)> Replicas);

/// <summary>
/// Where the replicas of one block are brought together. Its snapshot is named like the block and holds its network, under
/// <c>optimizer.center.*</c> what the rule remembers, and in its metadata the clock of each replica at its last meeting and, where it counts,
/// the order of all meetings so far that waited for nobody, a byte each. Not thread-safe.
/// </summary>
public sealed class BlockCenter
{
    private const string MetKey = "met";
    private const string ArrivalsKey = "arrivals";
    private const string OrderKey = "order";

    // One for each replica that there can be.
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

    private const string Own = WeightsHash.OptimizerPrefix + "center.";
    private const string MomentumName = Own + "momentum";
    private const string BufferName = Own + "buffer";
    private const string StartPrefix = Own + "start.";

    private readonly string name;
    private readonly Func<Snapshot> initial;
    private readonly long[] met;
    private readonly StringBuilder order = new();
    private readonly SortedDictionary<int, Snapshot> waiting = [];
    private readonly SortedDictionary<int, float[]> starts = [];
    private ReplicaSchedule schedule;
    private IReadOnlyList<SafetensorsEntry> tensors = [];
    private float[]? center;
    private float[] momentum = [];
    private float[] buffer = [];
    private long arrivals;

    /// <summary>A centre, at its beginning or from its snapshot.</summary>
    /// <param name="block">The block.</param>
    /// <param name="replicas">R.</param>
    /// <param name="schedule">How replicas are brought together.</param>
    /// <param name="initial">The block's initial state; asked for once, where the rule begins with it.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    /// <exception cref="NoPropException">The snapshot is damaged, or of another number of replicas.</exception>
    public BlockCenter(BlockId block, int replicas, ReplicaSchedule schedule, Func<Snapshot> initial, Snapshot? from)
    {
        (name, this.schedule, this.initial) = (block.FileName, schedule, initial);
        met = MetClocks(from, replicas);
        if (from is not null)
        {
            EditableState state = new(from);
            SafetensorsFile file = SafetensorsFile.Parse(from.Safetensors, from.Name);
            Begin(state);
            (momentum, buffer) = (Read(MomentumName), Read(BufferName));
            foreach (SafetensorsEntry start in state.Entries.Where(entry => entry.Name.StartsWith(StartPrefix, StringComparison.Ordinal)))
            {
                starts[(int)Count(start.Name[StartPrefix.Length..], from.Name)] = Read(start.Name);
            }

            order.Append(file.Metadata.GetValueOrDefault(OrderKey));
            arrivals = file.Metadata.TryGetValue(ArrivalsKey, out string? count) ? Count(count, from.Name) : 0;

            float[] Read(string tensor) => file.Entries.ContainsKey(tensor) ? MemoryMarshal.Cast<byte, float>(file.Data(tensor)).ToArray() : [];
        }
    }

    private int Replicas => met.Length;

    /// <summary>The clock of each replica at its last meeting, as a centre's snapshot has it; 0 where it has had none.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged, or of another number of replicas.</exception>
    public static long[] MetClocks(Snapshot? center, int replicas)
    {
        if (center is null)
        {
            return new long[replicas];
        }

        string? text = SafetensorsFile.Parse(center.Safetensors, center.Name).Metadata.GetValueOrDefault(MetKey);
        long[] clocks = [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Count(word, center.Name))];
        return clocks.Length == replicas ? clocks : throw new NoPropException($"snapshot {center.Name} is of {clocks.Length} replicas, and the run has {replicas}");
    }

    /// <summary>
    /// Replicas, from 0, in the order in which they have met, as a centre's snapshot has it: one for each of its meetings so far
    /// that waited for nobody; empty where all have waited.
    /// </summary>
    /// <exception cref="NoPropException">The snapshot is damaged.</exception>
    public static ImmutableArray<int> Order(Snapshot? center) => center is null
        ? []
        : [.. (SafetensorsFile.Parse(center.Safetensors, center.Name).Metadata.GetValueOrDefault(OrderKey) ?? "").Select(
            digit => Digits.IndexOf(digit) is >= 0 and int replica ? replica : throw new NoPropException($"snapshot {center.Name} is damaged: '{digit}' is no replica"))];

    /// <summary>Another schedule holds, which differs from the one before only after meetings that have been held.</summary>
    public void Follow(ReplicaSchedule next) => schedule = next;

    /// <summary>A replica has come to a meeting.</summary>
    /// <param name="replica">Which, from 0.</param>
    /// <param name="state">Its state.</param>
    /// <returns>What the meeting gave; null where the others are waited for.</returns>
    /// <exception cref="NoPropException">The states are damaged, or not of one network.</exception>
    public Meeting? Arrive(int replica, Snapshot state)
    {
        ReplicaRule rule = schedule.At(state.Clock - 1);
        if (!schedule.IsBarrier(state.Clock))
        {
            EditableState next = MeetAlone(rule, replica, state);
            order.Append(Digits[replica]);
            return new(Snapshot(), [(replica, next.Snapshot(state.Name))]);
        }

        waiting[replica] = state;
        if (waiting.Count < Replicas)
        {
            return null;
        }

        if (waiting.Values.Select(other => other.Clock).Distinct().Count() > 1)
        {
            throw new InvalidOperationException($"replicas of {name} meet at different steps: {string.Join(", ", waiting.Values.Select(other => other.Clock))}");
        }

        Meeting meeting = rule is LocalSgd ? Average() : Unite(rule);
        waiting.Clear();
        return meeting;
    }

    /// <summary>Brings a replica together with the centre.</summary>
    private EditableState MeetAlone(ReplicaRule rule, int replica, Snapshot state)
    {
        EditableState edited = new(state);
        if (center is null)
        {
            Begin(new EditableState(initial()));
        }

        float[] x = Flatten(edited);
        if (rule is Easgd easgd)
        {
            ReplicaMath.Elastic(easgd.Alpha ?? Easgd.UsualBeta / Replicas, x, center);
        }
        else
        {
            Nesterov((DelayedNesterov)rule, replica, edited, x);
        }

        Unflatten(x, edited);
        met[replica] = state.Clock;
        return edited;
    }

    /// <summary>The last meeting under a rule that does not wait: all meet once more, in the order of their numbers, and go on from the centre.</summary>
    private Meeting Unite(ReplicaRule rule)
    {
        (int Replica, string Name, EditableState State)[] states = [.. waiting.Select(pair => (pair.Key, pair.Value.Name, MeetAlone(rule, pair.Key, pair.Value)))];
        (momentum, buffer, arrivals) = ([], [], 0);
        starts.Clear();
        foreach ((_, _, EditableState state) in states)
        {
            Unflatten(center, state);
        }

        return new(Snapshot(), [.. states.Select(united => (united.Replica, united.State.Snapshot(united.Name)))]);
    }

    private Meeting Average()
    {
        EditableState[] states = [.. waiting.Values.Select(state => new EditableState(state))];
        if (states.Any(state => !state.Entries.Select(Shape).SequenceEqual(states[0].Entries.Select(Shape))))
        {
            throw new NoPropException($"the replicas of {name} are of different networks");
        }

        ReplicaMath.Mean([.. states.Select(state => (ReadOnlyMemory<float>)state.All)], states[0].MemoryOf());
        Begin(states[0]);
        foreach ((int replica, Snapshot state) in waiting)
        {
            met[replica] = state.Clock;
        }

        return new(Snapshot(), [.. waiting.Select(pair => (pair.Key, states[0].Snapshot(pair.Value.Name)))]);

        static string Shape(SafetensorsEntry entry) => $"{entry.Name} [{string.Join(',', entry.Shape)}] {entry.Offset}";
    }

    private void Nesterov(DelayedNesterov rule, int replica, EditableState state, float[] x)
    {
        if (momentum.Length == 0)
        {
            (momentum, buffer) = (new float[center!.Length], new float[center.Length]);
            // All begin from the centre: initially, and where another rule has held before.
            foreach (int other in Enumerable.Range(0, Replicas))
            {
                starts[other] = [.. center];
            }
        }

        float[] start = starts[replica];
        bool last = ++arrivals % Replicas == 0;
        int at = 0;
        foreach (SafetensorsEntry tensor in tensors)
        {
            Range range = at..(at += tensor.Length / sizeof(float));
            if (state.IsTrained(tensor))
            {
                ReplicaMath.DelayedNesterov(
                    rule, start.AsSpan(range), x.AsSpan(range), Replicas, last, center.AsSpan(range), momentum.AsSpan(range), buffer.AsSpan(range));
            }
            else
            {
                ReplicaMath.Approach(1.0 / Replicas, x.AsSpan(range), center.AsSpan(range));
            }
        }

        center!.CopyTo(x, 0);
        starts[replica] = [.. x];
    }

    private void Begin(EditableState state)
    {
        tensors = [.. state.Network];
        center = Flatten(state);
    }

    private float[] Flatten(EditableState state)
    {
        float[] flat = new float[tensors.Sum(tensor => tensor.Length / sizeof(float))];
        int at = 0;
        foreach (SafetensorsEntry tensor in tensors)
        {
            Find(state, tensor).CopyTo(flat.AsSpan(at));
            at += tensor.Length / sizeof(float);
        }

        return flat;
    }

    private void Unflatten(ReadOnlySpan<float> flat, EditableState state)
    {
        foreach (SafetensorsEntry tensor in tensors)
        {
            int length = tensor.Length / sizeof(float);
            flat[..length].CopyTo(Find(state, tensor));
            flat = flat[length..];
        }
    }

    private Span<float> Find(EditableState state, SafetensorsEntry tensor) =>
        state.Values(
            state.Entries.FirstOrDefault(entry => entry.Name == tensor.Name && entry.Length == tensor.Length)
            ?? throw new NoPropException($"a replica of {name} is of another network: it has no {tensor.Name} of {tensor.Length} bytes"));

    // Its clock counts the mini-batches that have gone into it, as that of a block without replicas does.
    private Snapshot Snapshot()
    {
        (string Name, float[] Values)[] more =
        [
            .. momentum.Length == 0 ? ((string, float[])[])[] : [(MomentumName, momentum), (BufferName, buffer)],
            .. starts.Select(start => (StartPrefix + start.Key.ToString(CultureInfo.InvariantCulture), start.Value)),
        ];
        long clock = met.Sum();
        (byte[] bytes, int offset) = Safetensors.Allocate(
            [.. tensors.Select(tensor => (tensor.Name, tensor.Dtype, tensor.Shape)), .. more.Select(tensor => (tensor.Name, "F32", new long[] { tensor.Values.Length }))],
            new Dictionary<string, string>
            {
                ["name"] = name,
                ["clock"] = Text(clock),
                [MetKey] = string.Join(' ', met.Select(Text)),
                [ArrivalsKey] = Text(arrivals),
                [OrderKey] = order.ToString(),
            });
        foreach (float[] values in more.Select(tensor => tensor.Values).Prepend(center!))
        {
            MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(bytes.AsSpan(offset));
            offset += values.Length * sizeof(float);
        }

        return new(name, clock, bytes);
    }

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static long Count(string text, string source) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
        ? count
        : throw new NoPropException($"snapshot {source} is damaged: '{text}' is no count");
}
