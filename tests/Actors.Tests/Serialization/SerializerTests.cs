using Akka.Actor;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using CsCheck;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Serialization;

/// <summary>Akka finds our serializers for our messages, and none that is not ours for anything else.</summary>
public sealed class SerializerTests : TestKit
{
    private static readonly Lease Lease = new(new BlockId(7), new LeaseEpoch(3), new StepRange(640, 656), "west");

    private static readonly string[] Manifests = ["C", "A", "P", "H", "W", "N", "V", "", "x"];

    public SerializerTests()
        : base(WireConfig.Akka().WithFallback(SettingsLoader.Load().Config))
    {
    }

    public static TheoryData<string> Direct => [.. WireTypes.Protocol.Direct.Select(type => type.Name).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Linked => [.. WireTypes.Protocol.Messages.Except(WireTypes.Protocol.Direct).Select(type => type.Name).Order(StringComparer.Ordinal)];

    private Akka.Serialization.Serialization Akka => Sys.Serialization;

    private ExtendedActorSystem Extended => (ExtendedActorSystem)Sys;

    [Theory]
    [MemberData(nameof(Direct))]
    public void A_message_comes_back_through_the_serializer_that_Akka_finds_for_it(string name)
    {
        Type type = WireTypes.Protocol.Messages.Single(message => message.Name == name);
        object message = WireSamples.Message(type, new Random(3), TestActor);

        SerializerWithStringManifest serializer = Assert.IsAssignableFrom<SerializerWithStringManifest>(Akka.FindSerializerFor(message));
        object back = Akka.Deserialize(serializer.ToBinary(message), serializer.Identifier, serializer.Manifest(message));

        Assert.Equal(WireTypes.Protocol.Bulk.Contains(type) ? typeof(BulkSerializer) : typeof(HyperionSerializer), serializer.GetType());
        Assert.Null(WireSamples.Difference(message, back));
    }

    [Theory]
    [MemberData(nameof(Linked))]
    public void A_message_of_links_is_neither_sent_nor_received_outside_of_one(string name)
    {
        Type type = WireTypes.Protocol.Messages.Single(message => message.Name == name);
        object message = WireSamples.Message(type, new Random(3), TestActor);
        SerializerWithStringManifest written = WireTypes.Protocol.Bulk.Contains(type) ? new BulkSerializer(Extended) : new HyperionSerializer(Extended);
        byte[] bytes = written.ToBinary(message);

        Assert.Throws<WireException>(() => Akka.FindSerializerFor(message).ToBinary(message));
        Exception refused = Assert.ThrowsAny<Exception>(() => Akka.Deserialize(bytes, written.Identifier, written.Manifest(message)));

        Assert.Contains($"'{name}' travels within links", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal((1, 1), (WireCounters.Of(Sys).ForbiddenSent, WireCounters.Of(Sys).ForbiddenReceived));
    }

    [Fact]
    public void What_leases_commit_and_train_travels_within_links_only() => Assert.Superset(
        new HashSet<Type>
        {
            typeof(RegisterWorker), typeof(GrantLease), typeof(TruncateLease), typeof(RevokeLease), typeof(LeaseRenewed), typeof(StepsCommitted), typeof(SharedReady),
            typeof(ApplyGradient), typeof(RequestShared), typeof(RequestImages), typeof(ImagesReady), typeof(SetPolicies), typeof(StopRun), typeof(RunEnded), typeof(StepsTrained),
        },
        WireTypes.Protocol.Messages.Except(WireTypes.Protocol.Direct).ToHashSet());

    [Fact]
    public void Snapshots_gradients_and_shared_parameters_are_bulk() => Assert.Superset(
        new HashSet<Type> { typeof(GrantLease), typeof(StepsCommitted), typeof(SharedReady), typeof(SharedProbed), typeof(ApplyGradient), typeof(PublishSnapshots) },
        WireTypes.Protocol.Bulk.ToHashSet());

    [Fact]
    public void Hyperion_has_the_name_and_the_number_of_Akkas_own_adapter()
    {
        Assert.Equal(typeof(HyperionSerializer), Type.GetType(Sys.Settings.Config.GetString("akka.actor.serializers.hyperion")));
        Assert.Equal(-5, Akka.FindSerializerFor(new FollowRun("west")).Identifier);
    }

    [Fact]
    public void Bulk_that_is_bound_to_Hyperion_is_refused_with_the_remedy() => Assert.Contains(
        "noprop-bulk",
        Assert.Throws<WireException>(() => new HyperionSerializer(Extended).ToBinary(new GrantLease(Lease, new Snapshot("block-07", 640, new byte[9])))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Whatever_no_serializer_is_bound_to_is_refused_when_it_is_sent()
    {
        WireException refused = Assert.Throws<WireException>(() => Akka.FindSerializerFor(new Stranger("x")).ToBinary(new Stranger("x")));

        Assert.Equal(typeof(Stranger).FullName, refused.Forbidden);
        Assert.Equal(1, WireCounters.Of(Sys).ForbiddenSent);
    }

    [Fact]
    public void Whatever_comes_in_for_Akkas_own_json_is_refused()
    {
        Exception? refused = Record.Exception(() => Akka.Deserialize("{\"$type\":\"System.IO.FileInfo\"}"u8.ToArray(), 1, "System.IO.FileInfo, System.Private.CoreLib"));

        Assert.Contains("System.IO.FileInfo", refused!.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, WireCounters.Of(Sys).ForbiddenReceived);
    }

    [Fact]
    public void A_frame_under_the_name_of_another_message_is_refused()
    {
        byte[] frame = new BulkSerializer(Extended).ToBinary(new RunNews(new CheckpointSaved(3)));

        Assert.ThrowsAny<Exception>(() => Akka.Deserialize(frame, 7201, nameof(FollowRun)));
    }

    [Fact]
    public void What_links_say_comes_back()
    {
        LinkMessage[] said =
        [
            new LinkHello(WireVersion.Current, "west"), new LinkWelcome(), new LinkNameTaken("akka.tcp://a@b:1"), new LinkCredit(7), new LinkPing(12),
            new WireVersionMismatch(WireVersion.Current, new WireVersion(9, 8)),
        ];
        SerializerWithStringManifest serializer = (SerializerWithStringManifest)Akka.FindSerializerFor(said[0]);

        Assert.IsType<LinkSerializer>(serializer);
        Assert.All(said, message => Assert.Equal(message, serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message))));
    }

    [Fact]
    public void A_chunk_comes_back_as_one_part()
    {
        LinkChunk chunk = new(5, Express: true, Last: false, [new byte[] { 1, 2 }, new byte[] { 3 }]);
        SerializerWithStringManifest serializer = (SerializerWithStringManifest)Akka.FindSerializerFor(chunk);

        LinkChunk back = Assert.IsType<LinkChunk>(serializer.FromBinary(serializer.ToBinary(chunk), serializer.Manifest(chunk)));

        Assert.Equal((5, true, false), (back.Number, back.Express, back.Last));
        Assert.Equal([1, 2, 3], Assert.Single(back.Parts).ToArray());
    }

    [Fact]
    public void Random_bytes_for_a_link_give_a_message_or_a_clear_error() => Gen.Select(Gen.Int[0, 8].Select(i => Manifests[i]), Gen.Byte.Array[0, 1200]).Sample(
        (manifest, bytes) => Assert.True(Record.Exception(() => new LinkSerializer(Extended).FromBinary(bytes, manifest)) is null or WireException),
        iter: 3000);

    private sealed record Stranger(string Text);
}
