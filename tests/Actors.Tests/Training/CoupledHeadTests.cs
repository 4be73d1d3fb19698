using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Training;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>The head of a method whose blocks read what it owns, and move it.</summary>
public sealed class CoupledHeadTests : TestKit
{
    private static readonly BlockId One = new(1);
    private static readonly BlockId Other = new(2);

    private readonly FakeMethod method = new(blocks: 2, coupled: true);
    private readonly Dataset dataset = Digits.Load(40);
    private readonly TestProbe trainer;
    private readonly TestProbe block;
    private readonly IActorRef head;
    private readonly HashSet<(BlockId Block, long Step, long Version)> asked = [];

    public CoupledHeadTests()
        : base(SettingsLoader.Load().Config)
    {
        (trainer, block) = (CreateTestProbe(), CreateTestProbe());
        head = trainer.ChildActorOf(HeadActor.Props(method, new BatchSource(dataset, seed: 1, batchSize: 10), seed: 1), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void A_gradient_moves_the_shared_parameters_by_one_version()
    {
        Begin();

        Apply(One, 0, version: 0);

        Assert.Equal(1, Ask(One, 1).Version);
    }

    [Fact]
    public void A_gradient_that_comes_twice_is_applied_once()
    {
        Begin();

        Apply(One, 0, version: 0);
        Apply(One, 0, version: 0);

        Assert.Equal(1, Ask(One, 1).Version);
    }

    [Fact]
    public void A_gradient_of_an_earlier_version_is_applied_where_any_will_do()
    {
        Begin();
        Ask(Other, 0);
        Apply(One, 0, version: 0);

        Apply(Other, 0, version: 0);

        Assert.Equal(2, Ask(One, 1).Version);
    }

    [Fact]
    public void A_gradient_of_an_earlier_version_is_refused_where_it_must_be_exact()
    {
        Begin();
        Ask(Other, 0, version: 0);
        Apply(One, 0, version: 0, exact: true);

        Apply(Other, 0, version: 0, exact: true);

        Assert.Equal(1, Ask(One, 1).Version);
    }

    [Fact]
    public void A_request_before_the_head_has_begun_is_answered_when_it_has()
    {
        head.Tell(new RequestShared(Lease(One), 0, null), block);

        Begin();

        Assert.Equal(0, block.ExpectMsg<SharedReady>().Shared.Version);
    }

    [Fact]
    public void A_request_under_a_lease_that_was_taken_back_does_not_displace_the_new_holders()
    {
        Begin();
        head.Tell(new LeaseOver(Lease(One)));
        head.Tell(new RequestShared(Lease(One, epoch: 2), 0, null), block);
        block.ExpectMsg<SharedReady>();

        head.Tell(new RequestShared(Lease(One), 1, null), CreateTestProbe());
        head.Tell(new ApplyGradient(Lease(One, epoch: 2), new SharedGradient(One, 0, 0, []), Exact: false), block);

        Assert.Equal(1, Ask(Other, 0).Version);
    }

    [Fact]
    public void A_request_for_a_version_to_come_is_answered_when_it_comes()
    {
        Begin();
        head.Tell(new RequestShared(Lease(One), 1, 1), block);
        Settle();
        block.ExpectNoMsg(TimeSpan.Zero);

        Apply(Other, 0, version: 0, exact: true);

        Assert.Equal(1, block.ExpectMsg<SharedReady>().Shared.Version);
    }

    [Fact]
    public void A_request_for_the_version_of_the_last_commit_takes_the_head_back_to_it()
    {
        Begin();
        Apply(One, 0, version: 0, exact: true);
        Apply(One, 1, version: 1, exact: true);

        Assert.Equal(0, Ask(One, 0, version: 0).Version);
        Apply(One, 0, version: 0, exact: true);

        Assert.Equal(1, Ask(One, 1, version: 1).Version);
    }

    [Fact]
    public void A_request_for_a_version_that_has_passed_is_forgotten()
    {
        Begin();
        Apply(One, 0, version: 0, exact: true);
        Apply(One, 1, version: 1, exact: true);
        head.Tell(new RequestShared(Lease(Other), 77, 1), block);

        Ask(One, 0, version: 0);
        Apply(One, 0, version: 0, exact: true);

        Assert.Equal(1, Ask(One, 1, version: 1).Version); // The answer to step 77 would have come first.
    }

    [Fact]
    public void What_the_head_went_back_behind_is_no_part_of_its_mean_loss()
    {
        Begin();
        Apply(One, 0, version: 0, exact: true);
        Apply(One, 1, version: 1, exact: true);
        Ask(One, 0, version: 0);
        Apply(One, 0, version: 0, exact: true);

        head.Tell(new AdvanceHead(1, null));

        Assert.Equal(0, trainer.ExpectMsg<HeadAdvanced>().Loss); // The fake's losses are its step numbers: 0 alone, not 0, 1 and 0.
    }

    [Fact]
    public void A_target_that_is_reached_already_is_reported_at_once()
    {
        Begin();
        Apply(One, 0, version: 0);

        head.Tell(new AdvanceHead(1, null));

        Assert.Equal((1, 1), trainer.ExpectMsg<HeadAdvanced>() is { } advanced ? (advanced.Clock, advanced.To) : default);
    }

    [Fact]
    public void A_target_that_is_sent_twice_commits_nothing_of_what_came_between()
    {
        Begin();
        Apply(One, 0, version: 0, exact: true);

        head.Tell(new AdvanceHead(0, null));

        Assert.Equal(0, Ask(One, 0, version: 0).Version);
        trainer.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Steps_whose_gradients_were_lost_are_made_by_the_heads_own_terms_and_then_requests_are_answered()
    {
        head.Tell(new RequestShared(Lease(One), 0, 3), block);

        head.Tell(new AdvanceHead(3, FakeMethod.HeadState(1)));

        Assert.Equal(3, block.ExpectMsg<SharedReady>().Shared.Version);
        Assert.Equal([null, null], method.Applied);
    }

    [Fact]
    public void A_restarted_head_begins_from_the_answer_to_its_restart_and_from_no_older_state()
    {
        Begin();
        Fail();
        head.Tell(new AdvanceHead(0, null));
        Settle();
        trainer.ExpectNoMsg(TimeSpan.Zero);

        head.Tell(new AdvanceHead(4, FakeMethod.HeadState(4), AfterRestart: true));

        Assert.Equal(4, trainer.ExpectMsg<HeadAdvanced>().Clock);
        Assert.Empty(method.Applied);
    }

    [Fact]
    public void A_restarted_head_leaves_requests_of_revoked_leases_unanswered()
    {
        Begin();
        Fail();
        head.Tell(new RequestShared(Lease(One), 1, null), block);
        Settle();

        head.Tell(new AdvanceHead(0, null, AfterRestart: true));

        trainer.ExpectMsg<HeadAdvanced>();
        block.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(0, Ask(One, 0).Version);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        dataset.Dispose();
    }

    private void Begin()
    {
        head.Tell(new AdvanceHead(0, null));
        trainer.ExpectMsg<HeadAdvanced>();
    }

    /// <summary>Has the head fail in its next step, once.</summary>
    private void Fail()
    {
        method.OnHeadStep = (_, _) => throw new InvalidOperationException("out of luck");
        Apply(One, 0, version: 0);
        trainer.ExpectMsg<HeadFailed>();
        trainer.ExpectMsg(new HeadRestarted("out of luck"));
        method.OnHeadStep = (_, _) => { };
    }

    /// <summary>Makes a step of a block: asks for the shared parameters, unless the test has done so, and sends a gradient.</summary>
    private void Apply(BlockId from, long step, long version, bool exact = false)
    {
        if (!asked.Contains((from, step, version)))
        {
            Assert.Equal(version, Ask(from, step, exact ? version : null).Version);
        }

        head.Tell(new ApplyGradient(Lease(from), new SharedGradient(from, step, version, []), exact), block);
    }

    private SharedVersion Ask(BlockId from, long step, long? version = null)
    {
        head.Tell(new RequestShared(Lease(from), step, version), block);
        SharedVersion shared = block.ExpectMsg<SharedReady>(ready => ready.Step == step).Shared;
        asked.Add((from, step, shared.Version));
        return shared;
    }

    private static Lease Lease(BlockId block, long epoch = 1) => new(block, new LeaseEpoch(epoch), new StepRange(0, 100), "worker");

    /// <summary>Returns when the head has done all that it was told so far.</summary>
    private void Settle()
    {
        TestProbe probe = CreateTestProbe();
        head.Tell(new Identify(null), probe);
        probe.ExpectMsg<ActorIdentity>();
    }
}
