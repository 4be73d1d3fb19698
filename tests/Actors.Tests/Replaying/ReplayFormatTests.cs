using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Replaying;

/// <summary>The bytes of a replay log: what is written is read, and what is damaged is found where it stands.</summary>
public sealed class ReplayFormatTests
{
    private const int LongestUpdate = 64;

    [Fact]
    public void Every_entry_is_read_back_as_it_was_written() =>
        ReplaySamples.Entries.Sample(entries => ReplaySamples.Read(ReplaySamples.Log(entries.AsSpan())) is { Fault: null } log && log.Entries.SequenceEqual(entries));

    [Fact]
    public void The_header_is_read_back_as_it_was_written()
    {
        ReplayContent log = ReplaySamples.Read(ReplaySamples.Log());

        Assert.Equal((7UL, 4, 0, (ReplayFault?)null), (log.Seed, log.Blocks, log.Entries.Length, log.Fault));
    }

    [Fact]
    public void An_update_takes_at_most_64_bytes_whatever_its_numbers() => ReplaySamples.Update.Sample(
        update => ReplaySamples.Log(update).Length - ReplaySamples.HeaderSize <= LongestUpdate);

    [Fact]
    public void An_update_is_read_back_whatever_its_numbers() => ReplaySamples.Update.Sample(
        update => ReplaySamples.Read(ReplaySamples.Log(update)).Entries.SequenceEqual([update]));

    [Fact]
    public void A_byte_that_is_changed_is_found_in_the_record_that_holds_it() => Gen.Select(ReplaySamples.Entries, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample(
        (entries, place, mask) =>
        {
            byte[] file = ReplaySamples.Log(entries.AsSpan());
            ImmutableArray<long> ends = ReplaySamples.Read(file).Ends;
            int at = Change(file, place, mask);

            RequireFault(ReplaySamples.Read(file), entries, ends, ends.Count(end => end <= at));
        });

    [Fact]
    public void A_damaged_name_in_the_policies_is_found_as_well()
    {
        byte[] file = ReplaySamples.Log(new ReplayEntry.Session(new PolicySettings()));
        file[file.AsSpan().IndexOf("Paths"u8)] ^= 1;

        Assert.Equal((0, "its checksum does not fit; it reads no entry"), (ReplaySamples.Read(file).Fault?.Record, ReplaySamples.Read(file).Fault?.What));
    }

    [Fact]
    public void Two_bytes_that_are_changed_are_found_in_the_first_record_that_holds_one() => Gen.Select(
        ReplaySamples.Entries, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255], Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample(
        (entries, place, mask, otherPlace, otherMask) =>
        {
            byte[] file = ReplaySamples.Log(entries.AsSpan());
            ImmutableArray<long> ends = ReplaySamples.Read(file).Ends;
            (int at, int other) = (Change(file, place, mask), Change(file, otherPlace, otherMask));

            if (at != other)
            {
                RequireFault(ReplaySamples.Read(file), entries, ends, ends.Count(end => end <= Math.Min(at, other)));
            }
        });

    [Fact]
    public void A_byte_of_the_header_that_is_changed_is_refused() => Gen.Select(Gen.Int[0, ReplaySamples.HeaderSize - 1], Gen.Byte[1, 255]).Sample(
        (at, mask) =>
        {
            byte[] file = ReplaySamples.Log(new ReplayEntry.Lost());
            file[at] ^= mask;

            Assert.Contains("is no replay log, or its header is damaged", Assert.Throws<NoPropException>(() => ReplaySamples.Read(file)).Message, StringComparison.Ordinal);
        },
        iter: 50);

    [Fact]
    public void A_torn_tail_is_called_torn_and_what_came_before_is_read() => Gen.Select(ReplaySamples.Entries, Gen.Int[0, int.MaxValue]).Sample((entries, place) =>
    {
        byte[] file = ReplaySamples.Log(entries.AsSpan());
        ImmutableArray<long> ends = ReplaySamples.Read(file).Ends;
        int length = ReplaySamples.HeaderSize + place % (file.Length - ReplaySamples.HeaderSize);
        int whole = ends.Count(end => end <= length);
        long begin = whole == 0 ? ReplaySamples.HeaderSize : ends[whole - 1];

        ReplayContent log = ReplaySamples.Read(file[..length]);

        Assert.Equal(entries.Take(whole), log.Entries);
        Assert.Equal(begin == length ? null : new ReplayFault(whole, begin, "the file ends in the middle of it", Torn: true), log.Fault);
    });

    [Fact]
    public void Records_that_have_changed_places_are_found_at_the_first_of_them() => Gen.Select(
        ReplaySamples.Entry.Array[2, 8], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample(
        (entries, first, second) =>
        {
            (int i, int j) = (first % entries.Length, second % entries.Length);
            byte[][] records = Records(ReplaySamples.Log(entries));
            (records[i + 1], records[j + 1]) = (records[j + 1], records[i + 1]);

            ReplayContent log = ReplaySamples.Read([.. records.SelectMany(record => record)]);

            Assert.Equal(i == j ? null : Math.Min(i, j), log.Fault?.Record);
        });

    [Fact]
    public void A_record_that_is_missing_in_the_middle_is_found_where_it_stood() => Gen.Select(ReplaySamples.Entry.Array[2, 8], Gen.Int[0, int.MaxValue]).Sample(
        (entries, place) =>
        {
            int missing = place % (entries.Length - 1);
            byte[][] records = Records(ReplaySamples.Log(entries));

            ReplayContent log = ReplaySamples.Read([.. records.Where((_, i) => i != missing + 1).SelectMany(record => record)]);

            Assert.Equal(missing, log.Fault?.Record);
        });

    private static int Change(byte[] file, int place, byte mask)
    {
        int at = ReplaySamples.HeaderSize + place % (file.Length - ReplaySamples.HeaderSize);
        file[at] ^= mask;
        return at;
    }

    private static void RequireFault(ReplayContent log, ImmutableArray<ReplayEntry> entries, ImmutableArray<long> ends, int record)
    {
        Assert.Equal((record, record == 0 ? ReplaySamples.HeaderSize : ends[record - 1]), (log.Fault?.Record, log.Fault?.Offset));
        Assert.Equal(entries.Take(record), log.Entries);
    }

    /// <summary>The header, then the records.</summary>
    private static byte[][] Records(byte[] file)
    {
        long[] bounds = [0, ReplaySamples.HeaderSize, .. ReplaySamples.Read(file).Ends];
        return [.. Enumerable.Range(0, bounds.Length - 1).Select(i => file[(int)bounds[i]..(int)bounds[i + 1]])];
    }
}
