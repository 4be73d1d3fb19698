using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;

namespace NoProp.Actors.Tests.Replaying;

/// <summary>Entries of a replay log, and logs of them.</summary>
internal static class ReplaySamples
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = ReplayFormat.HeaderSize;

    private static readonly Gen<long> Number = Gen.Long[0, long.MaxValue];
    private static readonly Gen<BlockId> Block = Gen.Int[1, int.MaxValue].Select(t => new BlockId(t));
    private static readonly Gen<string> Text = Gen.String[Gen.Char[' ', 'ÿ'], 0, 12];

    private static readonly Gen<PolicySettings> Policies = Gen.Select(
        Text, Text, Gen.Enum<Placement>(), Gen.Int[1, 1_000_000], Gen.Bool, Text.Array[0, 3],
        (blocks, embedding, placement, count, any, paths) => new PolicySettings(blocks, placement, any ? count : null, embedding, Refresh: count)
        {
            Assemblies = new([.. paths]),
        });

    /// <summary>An update, whatever its numbers.</summary>
    public static Gen<ReplayEntry> Update { get; } = Gen.Select(
        Gen.Int, Gen.Long, Gen.Long, Gen.Long, Gen.Bool,
        (t, step, version, epoch, heard) => heard ? (ReplayEntry)new ReplayEntry.Taken(new(t), step, version, epoch) : new ReplayEntry.Unheard(new(t), step, version, epoch));

    /// <summary>Any entry.</summary>
    public static Gen<ReplayEntry> Entry { get; } = Gen.Frequency(
        (1, Policies.Select(policies => (ReplayEntry)new ReplayEntry.Session(policies))),
        (1, Gen.Select(Number, Policies, (fence, policies) => (ReplayEntry)new ReplayEntry.Switch(fence, policies))),
        (1, Gen.Select(Number, Policies, (entries, policies) => (ReplayEntry)new ReplayEntry.Back(entries, policies))),
        (1, Gen.Const((ReplayEntry)new ReplayEntry.Lost())),
        (2, Gen.Select(Block, Number, Number, Number, (block, step, version, epoch) => (ReplayEntry)new ReplayEntry.Taken(block, step, version, epoch))),
        (1, Gen.Select(Block, Number, Number, Number, (block, step, version, epoch) => (ReplayEntry)new ReplayEntry.Unheard(block, step, version, epoch))));

    /// <summary>Some entries, one at least.</summary>
    public static Gen<ImmutableArray<ReplayEntry>> Entries { get; } = Entry.Array[1, 8].Select(entries => entries.ToImmutableArray());

    /// <summary>The bytes of a log.</summary>
    public static byte[] Log(params ReadOnlySpan<ReplayEntry> entries)
    {
        using TempFolder temp = new();
        using (ReplayLog log = ReplayLog.Create(temp.File("replay.log"), seed: 7, blocks: 4))
        {
            log.Append([.. entries]);
        }

        return File.ReadAllBytes(temp.File("replay.log"));
    }

    /// <summary>What some bytes say as a log.</summary>
    public static ReplayContent Read(byte[] file)
    {
        using TempFolder temp = new();
        File.WriteAllBytes(temp.File("replay.log"), file);
        return ReplayLog.Read(temp.File("replay.log"));
    }
}
