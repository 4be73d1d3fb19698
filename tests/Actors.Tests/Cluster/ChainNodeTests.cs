using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Tests.Inference;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What a worker's node does with what it is told about a chain, with a test in the place of its link.</summary>
public sealed class ChainNodeTests : TestKit
{
    private const int Pixels = 64;

    private static readonly RunPlan Plan = Runs.OnDigits();
    private static readonly ImmutableArray<Snapshot> States = ChainStates.Of(Plan, steps: 0);
    private static readonly int Size = Plan.Method.EmbeddingSize;

    private readonly TestProbe link;
    private readonly IActorRef node;

    public ChainNodeTests()
        : base(SettingsLoader.Load().Config)
    {
        link = CreateTestProbe();
        node = link.ChildActorOf(ChainNodeActor.Props(DeviceSlots.OnCpu(2), mostImageBytes: 40 * Pixels * sizeof(float)));
        link.ExpectMsg(new ChainOffered("", 2));
    }

    [Fact]
    public void It_takes_z_through_its_own_blocks_and_no_others()
    {
        Begin(2, 3);

        node.Tell(Asked(from: 2));
        ChainPassed passed = link.ExpectMsg<ChainPassed>();
        node.Tell(Asked(from: 2) with { Options = new ChainOptions(Depth: 2) });
        ChainPassed cut = link.ExpectMsg<ChainPassed>();

        Assert.Equal((2, 2 * 2 * Size * sizeof(float), false), (passed.Blocks.Length, passed.Z.Length, passed.Over));
        Assert.Equal((1, true), (cut.Blocks.Length, cut.Over));
    }

    [Fact]
    public void Requests_on_their_way_end_well_when_its_blocks_change()
    {
        Begin(1, 4);
        for (int id = 0; id < 20; id++)
        {
            node.Tell(Asked(from: 1, id));
        }

        node.Tell(new ChainRange(2, 1, 1));

        Assert.All(link.ReceiveN(20), answer => Assert.InRange(Assert.IsType<ChainPassed>(answer).Blocks.Length, 1, 4));
    }

    [Fact]
    public void A_network_that_cannot_be_read_is_no_reason_to_end()
    {
        node.Tell(new ChainModel("run", "noprop.blocks = }", Plan.Data));
        node.Tell(new ChainRange(1, 1, 4));
        node.Tell(Asked(from: 1));
        node.Tell(new Identify(1), link);

        Assert.Equal(node, link.ExpectMsg<ActorIdentity>().Subject);
    }

    public static TheoryData<string> Nonsense =>
        ["no images", "block 0", "block 5", "short z", "no noise", "too much noise", "noise of nothing", "no steps", "sure of nobody"];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void What_makes_no_sense_is_answered_and_the_next_request_works(string what)
    {
        Begin(1, 4);
        ChainAsked good = Asked(from: 1);

        node.Tell(what switch
        {
            "no images" => good with { Batch = 99 },
            "block 0" => good with { From = 0 },
            "block 5" => good with { From = 5 },
            "short z" => good with { Z = good.Z[4..] },
            "no noise" => good with { Noise = default },
            "too much noise" => good with { Noise = [new(new(1, 0, true), 0, long.MaxValue), new(new(1, 0, true), 0, 2)] },
            "noise of nothing" => good with { Noise = [new(new(1, 0, true), 0, 0), new(new(1, 0, true), 0, 2)] },
            "no steps" => good with { Options = new ChainOptions(Steps: int.MaxValue) },
            _ => good with { Sure = default },
        });

        Assert.IsType<ChainStopped>(link.FishForMessage(message => message is ChainStopped));
        node.Tell(Asked(from: 1, id: 2));
        link.FishForMessage<ChainPassed>(passed => passed.Id == 2);
    }

    [Fact]
    public void A_damaged_state_is_one_failed_request_after_the_other_until_a_good_one_comes()
    {
        Begin(1, 4);
        node.Tell(new ChainState(new Snapshot("block-02", 1, new byte[3])));
        link.ExpectMsg<ChainStateTaken>();
        node.Tell(Asked(from: 1));
        Assert.StartsWith("block 2: ", link.ExpectMsg<ChainStopped>().Reason, StringComparison.Ordinal);

        node.Tell(new ChainState(States[1] with { Clock = 2 }));
        link.ExpectMsg<ChainStateTaken>();
        node.Tell(Asked(from: 1));

        Assert.Equal(2, link.ExpectMsg<ChainPassed>().Blocks[1].Version);
    }

    [Fact]
    public void Images_of_another_size_or_without_room_are_not_kept()
    {
        Begin(1, 4);
        node.Tell(new ChainImages(5, 2, new byte[7]));
        node.Tell(new ChainImages(6, 0, default));
        node.Tell(new ChainImages(7, int.MaxValue, new byte[8]));
        node.Tell(new ChainImages(8, 39, new byte[39 * Pixels * sizeof(float)]));

        foreach (long batch in (long[])[5, 6, 7, 8])
        {
            node.Tell(Asked(from: 1) with { Batch = batch });
            Assert.Equal("its images have not come", link.ExpectMsg<ChainStopped>().Reason);
        }
    }

    [Fact]
    public void Images_that_are_over_make_room_for_others()
    {
        Begin(1, 4);
        node.Tell(new ChainImagesOver(1));
        node.Tell(new ChainImages(8, 40, new byte[40 * Pixels * sizeof(float)]));

        node.Tell(Asked(from: 1) with { Batch = 8, Z = new byte[40 * Size * sizeof(float)], Noise = [new(new InferenceNoise(1, 0, false), 0, 40)] });

        link.ExpectMsg<ChainPassed>();
    }

    /// <summary>Blocks with their states, and two images.</summary>
    private void Begin(int first, int last)
    {
        node.Tell(new ChainModel("run", SettingsHocon.ToHocon(Plan.Settings), Plan.Data));
        link.ExpectMsg<ChainReady>();
        node.Tell(new ChainRange(1, first, last));
        foreach (Snapshot state in States)
        {
            node.Tell(new ChainState(state));
            link.ExpectMsg(new ChainStateTaken(1, state.Name));
        }

        node.Tell(new ChainImages(1, 2, new byte[2 * Pixels * sizeof(float)]));
    }

    private static ChainAsked Asked(int from, long id = 1) => new(
        id, 1, from, new byte[2 * Size * sizeof(float)], [new(new InferenceNoise(1, 0, Stochastic: false), 0, 2)], ChainOptions.Whole, []);
}
