using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Replaying;

/// <summary>A log that is gone on with, as a resumed run does.</summary>
public sealed class ReplayLogTests : IDisposable
{
    private static readonly ImmutableArray<ReplayEntry> Three =
        [new ReplayEntry.Session(new PolicySettings()), new ReplayEntry.Taken(new(1), 0, 0, 1), new ReplayEntry.Lost()];

    private readonly TempFolder temp = new();

    private string Path => temp.File("replay.log");

    [Fact]
    public void A_log_is_cut_to_so_many_entries_and_goes_on_with_the_right_checksums() =>
        Gen.Select(ReplaySamples.Entries, ReplaySamples.Entries, Gen.Int[0, int.MaxValue]).Sample((before, after, place) =>
        {
            // Samples are run side by side.
            using TempFolder own = new();
            string path = own.File("replay.log");
            int kept = place % (before.Length + 1);
            File.WriteAllBytes(path, ReplaySamples.Log(before.AsSpan()));

            using (ReplayLog log = ReplayLog.Continue(path, kept))
            {
                log.Append(after);
            }

            ImmutableArray<ReplayEntry> whole = [.. before.Take(kept), .. after];
            Assert.Equal(ReplaySamples.Log(whole.AsSpan()), File.ReadAllBytes(path));
        });

    [Fact]
    public void A_torn_tail_is_cut_off()
    {
        File.WriteAllBytes(Path, ReplaySamples.Log(Three.AsSpan())[..^1]);

        ReplayLog.Continue(Path, 2).Dispose();

        Assert.Equal(ReplaySamples.Log(Three.AsSpan()[..2]), File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_log_that_holds_fewer_entries_is_refused()
    {
        File.WriteAllBytes(Path, ReplaySamples.Log(Three.AsSpan()));

        NoPropException refused = Assert.Throws<NoPropException>(() => ReplayLog.Continue(Path, 4));

        Assert.StartsWith($"{Path} holds 3 of the 4 records that lead to the checkpoint: remove it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_is_damaged_before_the_place_to_go_on_is_refused_with_the_record()
    {
        byte[] file = ReplaySamples.Log(Three.AsSpan());
        file[^1] ^= 1;
        File.WriteAllBytes(Path, file);

        NoPropException refused = Assert.Throws<NoPropException>(() => ReplayLog.Continue(Path, 3));

        Assert.Contains("holds 2 of the 3 records that lead to the checkpoint (record 2 (byte ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_is_refused_stays_as_it_is()
    {
        byte[] file = ReplaySamples.Log(Three.AsSpan());
        File.WriteAllBytes(Path, file);

        Assert.Throws<NoPropException>(() => ReplayLog.Continue(Path, 4));

        Assert.Equal(file, File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_log_is_read_while_it_is_written()
    {
        using ReplayLog log = ReplayLog.Create(Path, seed: 7, blocks: 4);
        log.Append(Three);
        log.Flush();

        Assert.Equal(Three.AsEnumerable(), ReplayLog.Read(Path).Entries);
    }

    [Fact]
    public void A_log_that_is_missing_is_named() =>
        Assert.StartsWith($"{Path} cannot be read: ", Assert.Throws<NoPropException>(() => ReplayLog.Read(Path)).Message, StringComparison.Ordinal);

    public void Dispose() => temp.Dispose();
}
