using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using static TorchSharp.torch;

namespace NoProp.Actors.Cluster;

// What the gateway of a spread chain keeps. None of it is thread-safe.

/// <summary>Images on their way.</summary>
/// <param name="number">Names them between nodes.</param>
/// <param name="images">The tensor of whoever has asked.</param>
/// <param name="count">Images n.</param>
/// <param name="input">Its bytes.</param>
internal sealed class ChainBatch(long number, Tensor images, int count, ReadOnlyMemory<byte> input)
{
    public long Number => number;

    public Tensor Images => images;

    public int Count => count;

    public ReadOnlyMemory<byte> Input => input;
}

/// <summary>A request on its way.</summary>
internal sealed class ChainRequest(Denoise at, ChainBatch batch)
{
    /// <summary>As far as it has come.</summary>
    public Denoise At { get; private set; } = at;

    public ChainBatch Batch => batch;

    /// <summary>Who answers it now; null where it waits for a node.</summary>
    public ChainNode? Node { get; set; }

    /// <summary>Looks for workers during which it has waited.</summary>
    public int Waited { get; set; }

    /// <summary>Nodes that were lost while they answered it.</summary>
    public int Lost { get; set; }

    public void Wait() => (Node, Waited) = (null, 0);

    /// <summary>Adds what a node has answered; false where that is no answer.</summary>
    public bool TryPass(ChainPassed passed, IMethod method)
    {
        long rows = batch.Count;
        long size = rows * method.EmbeddingSize * sizeof(float);
        int blocks = passed.Blocks.IsDefault ? 0 : passed.Blocks.Length;
        int first = At.Trace.Length;
        bool sound = blocks > 0
            && first + blocks - 1 <= method.Blocks
            && passed.Z.Length == blocks * size
            && !passed.Steps.IsDefault
            && passed.StepZ.Length == passed.Steps.Length * size
            && passed.Steps.All(step => step.Block >= first && step.Block < first + blocks)
            && !passed.Sure.IsDefault
            && passed.Sure.All(image => image >= 0 && image < rows);
        if (sound)
        {
            Tensor[] steps = ChainTensors.ReadAll(passed.StepZ, passed.Steps.Length, rows, method.EmbeddingSize);
            At = At with
            {
                Trace = At.Trace.AddRange(ChainTensors.ReadAll(passed.Z, blocks, rows, method.EmbeddingSize)),
                Versions = At.Versions.AddRange(passed.Blocks.Select(block => block.Version)),
                Times = At.Times.AddRange(passed.Blocks.Select(block => block.Time)),
                Steps = At.Steps.AddRange(passed.Steps.Select((step, i) => (step.Block, step.Step, steps[i]))),
                Sure = At.Sure.Union(passed.Sure),
                Over = passed.Over,
            };
        }

        return sound;
    }
}

/// <summary>A worker's node.</summary>
internal sealed class ChainNode(string name, int slots, IActorRef link)
{
    private readonly Dictionary<string, Snapshot> taken = new(StringComparer.Ordinal);
    private ImmutableArray<string> names = [];

    public string Name => name;

    public int Slots => slots;

    public IActorRef Link => link;

    /// <summary>Whether it knows the network.</summary>
    public bool IsReady { get; set; }

    /// <summary>Its blocks.</summary>
    public BlockRange Range { get; private set; } = BlockRange.None;

    /// <summary>Counts what it was told to answer for.</summary>
    public long Layout { get; private set; }

    /// <summary>The state that was sent and is not confirmed yet.</summary>
    public Snapshot? UnderWay { get; set; }

    /// <summary>The images that it has.</summary>
    public HashSet<ChainBatch> Images { get; } = [];

    /// <summary>Changes its blocks; false where they are the same.</summary>
    public bool Answer(BlockRange range)
    {
        if (range == Range)
        {
            return false;
        }

        (Range, Layout) = (range, Layout + 1);
        names = [InferenceService.HeadName, .. Enumerable.Range(range.First, range.Count).Select(block => new BlockId(block).FileName)];
        foreach (string gone in taken.Keys.Except(names).ToArray())
        {
            taken.Remove(gone);
        }

        return true;
    }

    /// <summary>The state that it needs most; null for none. What it has none of comes first.</summary>
    public Snapshot? Next(IReadOnlyDictionary<string, Snapshot> newest) => names
        .Where(name => newest.TryGetValue(name, out Snapshot? snapshot) && !ReferenceEquals(taken.GetValueOrDefault(name), snapshot))
        .OrderBy(taken.ContainsKey)
        .Select(name => newest[name])
        .FirstOrDefault();

    /// <summary>The state that was sent has come. One that has come for other blocks than those of now may not be there any more.</summary>
    public void Confirm(ChainStateTaken come)
    {
        if (UnderWay is { } sent && sent.Name == come.Name)
        {
            if (come.Layout == Layout && names.Contains(sent.Name))
            {
                taken[sent.Name] = sent;
            }

            UnderWay = null;
        }
    }

    /// <summary>Whether it has some state of all that has one.</summary>
    public bool HasStates(IReadOnlyDictionary<string, Snapshot> newest) => names.All(name => taken.ContainsKey(name) || !newest.ContainsKey(name));

    /// <summary>Whether it has images, or may be sent them.</summary>
    public bool HasRoom(ChainBatch batch, long most) => Images.Contains(batch) || Images.Sum(other => (long)other.Input.Length) + batch.Input.Length <= most;
}
