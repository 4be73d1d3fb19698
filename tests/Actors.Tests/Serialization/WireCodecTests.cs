using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Akka.TestKit.Xunit2;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Serialization;

/// <summary>Messages become bytes and come back the same; bytes that are no message are refused before anything is made of them.</summary>
public sealed class WireCodecTests : TestKit
{
    private static readonly Lease Lease = new(new BlockId(7), new LeaseEpoch(3), new StepRange(640, 656), "west");

    private readonly WireCodec codec;
    private readonly WireCounters counters;

    public WireCodecTests() => (codec, counters) = (WireCodec.Of(Sys), WireCounters.Of(Sys));

    public static TheoryData<string> Messages => [.. WireTypes.Protocol.Messages.Select(type => type.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_comes_back_as_it_was_sent(string name)
    {
        Type type = WireTypes.Protocol.Messages.Single(message => message.Name == name);

        Gen.Int.Sample(
            seed =>
            {
                object message = WireSamples.Message(type, new Random(seed), TestActor);
                string? difference = WireSamples.Difference(message, codec.Decode(Frame(message)));
                Assert.True(difference is null, difference);
            },
            iter: 30);
    }

    [Fact]
    public void What_travels_between_trainer_and_workers_is_on_the_list() => Assert.Superset(
        new HashSet<Type>
        {
            typeof(RegisterWorker), typeof(GrantLease), typeof(TruncateLease), typeof(RevokeLease), typeof(LeaseRenewed), typeof(StepsCommitted), typeof(BlockRestarted),
            typeof(BlockGaveUp), typeof(GradientProbed), typeof(RequestShared), typeof(SharedReady), typeof(ApplyGradient), typeof(ProbeShared), typeof(SharedProbed), typeof(LeaseOver),
        },
        WireTypes.Protocol.Messages.ToHashSet());

    [Fact]
    public void What_holds_tensors_or_policy_objects_stays_where_it_is() =>
        Assert.Empty(new[] { typeof(BatchReady), typeof(Classify), typeof(AdvanceHead), typeof(SwitchShared) }.Intersect(WireTypes.Protocol.Messages));

    [Fact]
    public void Snapshots_gradients_and_shared_parameters_are_never_seen_by_Hyperion()
    {
        byte[] marked = Encoding.ASCII.GetBytes("the bytes of a snapshot");

        ImmutableArray<ReadOnlyMemory<byte>> parts = codec.Encode(new GrantLease(Lease, new Snapshot("block-07", 640, marked)));

        Assert.Equal(-1, parts[1].Span.IndexOf(marked));
        Assert.Equal(marked, parts[2].ToArray());
    }

    [Fact]
    public void A_type_that_is_not_on_the_list_is_not_sent_and_is_counted()
    {
        WireException refused = Assert.Throws<WireException>(() => codec.Encode(new Stranger("x")));

        Assert.Contains(typeof(Stranger).FullName!, refused.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0, 0), (counters.ForbiddenSent, counters.ForbiddenReceived, counters.Damaged));
    }

    [Fact]
    public void A_listed_type_that_is_no_message_is_not_sent_as_one() => Assert.Throws<WireException>(() => codec.Encode(Lease));

    [Theory]
    [InlineData("System.IO.FileInfo, System.Private.CoreLib")]
    [InlineData("NoProp.Actors.Training.TrainerActor, NoProp.Actors")]
    [InlineData("No.Such.Type, Nowhere")]
    public void A_message_of_a_type_that_is_not_on_the_list_is_refused_by_name_and_counted(string type)
    {
        byte[] bytes = Renamed(codec.EncodePlain(new LeaseRenewed(Lease)), NameOf<LeaseRenewed>(), type);

        WireException refused = Assert.Throws<WireException>(() => codec.DecodePlain(bytes));

        Assert.Contains(type, refused.Message, StringComparison.Ordinal);
        Assert.Equal((0, 1, 0), (counters.ForbiddenSent, counters.ForbiddenReceived, counters.Damaged));
    }

    [Theory]
    [InlineData("System.IO.FileInfo, System.Private.CoreLib")]
    [InlineData("System.Collections.Generic.List`1[[System.Object, System.Private.CoreLib]], System.Private.CoreLib")]
    public void So_is_one_deep_inside_a_message(string type)
    {
        byte[] bytes = Renamed(codec.EncodePlain(new LeaseRenewed(Lease)), NameOf<LeaseEpoch>(), type);

        WireException refused = Assert.Throws<WireException>(() => codec.DecodePlain(bytes));

        Assert.Contains(type, refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, counters.ForbiddenReceived);
    }

    [Fact]
    public void Hyperion_itself_asks_before_it_makes_anything_of_a_type()
    {
        AllowedTypes allowed = new(WireTypes.Protocol);
        Hyperion.Serializer open = new();
        Hyperion.Serializer closed = new(new Hyperion.SerializerOptions(false, false, null, [allowed], null, true, null, true, allowed));
        using MemoryStream stream = new();
        open.Serialize(new Stranger("x"), stream);
        stream.Position = 0;

        Assert.ThrowsAny<Exception>(() => closed.Deserialize(stream));
        Assert.ThrowsAny<Exception>(() => closed.Serialize(new Stranger("x"), stream));
    }

    [Fact]
    public void A_listed_type_in_the_place_of_another_is_refused()
    {
        byte[] bytes = Renamed(codec.EncodePlain(new LeaseRenewed(Lease)), NameOf<LeaseEpoch>(), NameOf<BlockId>());

        Assert.Throws<WireException>(() => codec.DecodePlain(bytes));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1 << 30)]
    [InlineData(-2)]
    public void A_hostile_length_is_refused_without_room_being_made_for_it(int claimed)
    {
        byte[] bytes = codec.EncodePlain(new EpochFinished(1, [0.5, 0.25], 10, TimeSpan.Zero));
        int at = bytes.AsSpan().IndexOf((byte[])[2, 0, 0, 0, 13]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), claimed);

        AssertRefusedCheaply(bytes);
    }

    [Fact]
    public void A_text_of_hostile_length_is_refused_without_room_being_made_for_it()
    {
        byte[] bytes = codec.EncodePlain(new PoliciesRefused("no"));
        int at = bytes.AsSpan().IndexOf((byte[])[3, (byte)'n', (byte)'o']);

        AssertRefusedCheaply([.. bytes[..at], 255, 255, 255, 255, 127]);
    }

    [Fact]
    public void A_frame_that_is_altered_is_refused_by_its_checksum()
    {
        byte[] frame = Frame(new GrantLease(Lease, new Snapshot("block-07", 640, new byte[1000])));
        frame[^500] ^= 1;

        Assert.Contains("checksum", Assert.Throws<WireException>(() => codec.Decode(frame)).Message, StringComparison.Ordinal);
        Assert.Equal(1, counters.Damaged);
    }

    [Fact]
    public void Every_part_of_a_message_that_is_cut_off_is_refused()
    {
        byte[] bytes = codec.EncodePlain(new RunStarted([1, 2], 3, 4, 5, 6));

        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.Throws<WireException>(() => codec.DecodePlain(bytes[..length])));
    }

    [Fact]
    public void Whatever_bytes_come_in_they_give_a_message_or_a_clear_error()
    {
        byte[][] seeds = [.. WireTypes.Protocol.Messages.Except(WireTypes.Protocol.Bulk).Select(type => codec.EncodePlain(WireSamples.Message(type, new Random(1), TestActor)))];

        Gen.Int.Sample(
            seed =>
            {
                Random random = new(seed);
                byte[] bytes = [.. seeds[random.Next(seeds.Length)]];
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = random.Next(3) switch { 0 => 0, 1 => 255, _ => (byte)random.Next(256) };
                }

                long before = GC.GetAllocatedBytesForCurrentThread();
                Assert.True(Record.Exception(() => codec.DecodePlain(bytes)) is null or WireException);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
            },
            iter: 5000);
    }

    [Fact]
    public void Random_frames_with_right_checksums_give_a_clear_error() => Gen.Byte.Array[0, 400].Sample(
        content =>
        {
            byte[] frame = new byte[content.Length + 4];
            content.CopyTo(frame, 4);
            BinaryPrimitives.WriteUInt32LittleEndian(frame, Crc32C.Append(0, content));
            Assert.Throws<WireException>(() => codec.Decode(frame));
        },
        iter: 3000);

    private static byte[] Joined(IEnumerable<ReadOnlyMemory<byte>> parts) => [.. parts.SelectMany(part => part.ToArray())];

    private byte[] Frame(object message) => Joined(codec.Encode(message));

    private void AssertRefusedCheaply(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<WireException>(() => codec.DecodePlain(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    private static string NameOf<T>() => WireTypes.Protocol.Find(typeof(T))!.Name;

    /// <summary>A message with another name of a type in it, and the length before the name right.</summary>
    private static byte[] Renamed(byte[] bytes, string from, string to)
    {
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from));
        byte[] name = Encoding.UTF8.GetBytes(to);
        return [.. bytes[..(at - 4)], .. BitConverter.GetBytes(name.Length), .. name, .. bytes[(at + from.Length)..]];
    }

    private sealed record Stranger(string Text);
}
