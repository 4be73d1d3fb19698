using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Training;

namespace NoProp.Actors.Training;

/// <summary>What the head knows of its blocks: which steps have had their effect, and what is held for later. Part of its snapshots.</summary>
internal sealed class HeadBook
{
    private const string TakenKey = "applied";
    private const string BlockStepsKey = "blockSteps";
    private const string OwnStepsKey = "ownSteps";
    private const string HeldPrefix = "held.";

    private readonly List<SharedGradient> held = [];

    private HeadBook(ImmutableArray<long> taken, long blockSteps, long ownSteps) => (Taken, BlockSteps, OwnSteps) = (taken, blockSteps, ownSteps);

    /// <summary>Steps of each block that were taken in.</summary>
    public ImmutableArray<long> Taken { get; private set; }

    /// <summary>Steps of blocks that have had their effect, whatever it was.</summary>
    public long BlockSteps { get; private set; }

    /// <summary>Steps in which the head's own terms had a part.</summary>
    public long OwnSteps { get; private set; }

    /// <summary>Gradients that were taken in and not applied yet, in the order of their blocks.</summary>
    public IReadOnlyList<SharedGradient> Held => held;

    /// <summary>The book in a snapshot of the head; null for a head at its beginning.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged, or of another number of blocks.</exception>
    public static HeadBook Read(Snapshot? from, int blocks)
    {
        if (from is null)
        {
            return new([.. new long[blocks]], 0, 0);
        }

        SafetensorsFile file = SafetensorsFile.Parse(from.Safetensors, from.Name);
        ImmutableArray<long> taken = file.Metadata.TryGetValue(TakenKey, out string? counts) ? [.. counts.Split(' ').Select(Number)] : [.. new long[blocks]];
        if (taken.Length != blocks)
        {
            throw new NoPropException($"snapshot {from.Name} is of {taken.Length} blocks, and this network has {blocks}");
        }

        HeadBook book = new(taken, Count(BlockStepsKey), Count(OwnStepsKey));
        foreach (SafetensorsEntry entry in file.Entries.Values.Where(entry => entry.Name.StartsWith(WeightsHash.OptimizerPrefix + HeldPrefix, StringComparison.Ordinal)))
        {
            string[] words = entry.Name[(WeightsHash.OptimizerPrefix.Length + HeldPrefix.Length)..].Split('.');
            book.Hold(new((BlockId)new((int)Number(words[0])), Number(words[1]), Number(words[2]), [.. MemoryMarshal.Cast<byte, float>(file.Data(entry.Name))]));
        }

        return book;

        // A head that has always made one step for each of a block needs no count beside its clock.
        long Count(string key) => file.Metadata.TryGetValue(key, out string? count) ? Number(count) : from.Clock;

        long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new NoPropException($"snapshot {from.Name} is damaged: '{text}' is no count");
    }

    /// <summary>Whether a step of a block has had its effect already.</summary>
    public bool IsTaken(BlockId block, long step) => step < Taken[block.Index];

    /// <summary>Notes that a step of a block has had its effect.</summary>
    public void Take(BlockId block, long step)
    {
        Taken = Taken.SetItem(block.Index, step + 1);
        Count();
    }

    /// <summary>Counts a step of a block.</summary>
    public void Count() => BlockSteps++;

    /// <summary>Counts a step of the head's own terms.</summary>
    public void CountOwn() => OwnSteps++;

    /// <summary>Keeps a gradient.</summary>
    public void Hold(SharedGradient gradient)
    {
        int at = held.FindIndex(other => other.Block.Value > gradient.Block.Value);
        held.Insert(at < 0 ? held.Count : at, gradient);
    }

    /// <summary>Gives out what is held of a step, in the order of the blocks.</summary>
    public IReadOnlyList<SharedGradient> Release(long step)
    {
        SharedGradient[] round = [.. held.Where(gradient => gradient.Step == step)];
        held.RemoveAll(gradient => gradient.Step == step);
        return round;
    }

    /// <summary>The counts, to stand in a snapshot.</summary>
    public IReadOnlyDictionary<string, string> Notes()
    {
        Dictionary<string, string> notes = new() { [BlockStepsKey] = Text(BlockSteps), [OwnStepsKey] = Text(OwnSteps) };
        if (Taken.Any(count => count > 0))
        {
            notes[TakenKey] = string.Join(' ', Taken.Select(Text));
        }

        return notes;
    }

    /// <summary>What is held, to stand in a snapshot.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<float>> Tensors() =>
        held.ToDictionary(gradient => $"{HeldPrefix}{gradient.Block.Value}.{Text(gradient.Step)}.{Text(gradient.Version)}", gradient => gradient.Values);

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);
}
