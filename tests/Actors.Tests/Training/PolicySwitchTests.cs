using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>A trainer whose policies are switched: what was begun under the old ones has its effect first.</summary>
public sealed class PolicySwitchTests : TestKit
{
    private static readonly PolicySettings Old = new("async");

    private readonly TestProbe worker;
    private readonly TestProbe head;
    private readonly TestProbe observer;
    private readonly TestProbe chooser;
    private readonly IActorRef trainer;

    public PolicySwitchTests()
        : base(SettingsLoader.Load().Config)
    {
        (worker, head, observer, chooser) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        IActorRef headProbe = head;
        TrainerPartners partners = new(CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), observer, Props.Create(() => new Forwarder(headProbe)));
        RunGoal goal = new(2, 32, 1, 0, PolicyCatalog.BuiltIn.Parse(Old), TimeSpan.FromMinutes(1));
        trainer = Sys.ActorOf(Props.Create(() => new TrainerActor(
            goal, null, new TrainerCadence(0, 1, TimeSpan.Zero), new Supervision(3, TimeSpan.FromMinutes(1)), partners)));
    }

    [Fact]
    public void Leases_that_are_out_are_ended_after_their_present_step()
    {
        Lease lease = Join();

        Choose(new SetPolicies(new("lockstep")));

        worker.ExpectMsg(new TruncateLease(lease));
    }

    [Fact]
    public void A_switch_waits_for_the_leases_that_are_out()
    {
        Join();

        Choose(new SetPolicies(new("lockstep")));

        Assert.Equal(new CurrentPolicies(0, Old), Current());
    }

    [Fact]
    public void A_switch_waits_for_the_head()
    {
        Lease lease = Join();
        Choose(new SetPolicies(new("lockstep")));

        Commit(lease, to: 1);

        head.ExpectMsg<AdvanceHead>(advance => advance.To == 1);
        Assert.Equal(new CurrentPolicies(0, Old), Current());
    }

    [Fact]
    public void No_lease_is_granted_before_the_switch()
    {
        Lease lease = Join();
        Choose(new SetPolicies(new("lockstep")));
        worker.ExpectMsg<TruncateLease>();

        Commit(lease, to: 1);

        Current();
        Assert.False(worker.HasMessages);
    }

    [Fact]
    public void When_all_has_had_its_effect_the_policies_hold_and_whoever_asked_is_told()
    {
        Switch(new SetPolicies(new("lockstep")));

        chooser.ExpectMsg(new CurrentPolicies(1, new("lockstep")));
    }

    [Fact]
    public void The_head_learns_of_the_switch()
    {
        Switch(new SetPolicies(new("lockstep")));

        head.FishForMessage<SwitchShared>(switched => switched.Fence == 1 && switched.Policies.Settings == new PolicySettings("lockstep"));
    }

    [Fact]
    public void Leases_are_granted_again_under_the_new_policies()
    {
        Switch(new SetPolicies(new("lockstep")));

        // Block 1 is ahead by the step that it made: under lockstep block 2 makes one step too.
        worker.FishForMessage<GrantLease>(grant => grant.Lease.Block.Value == 2 && grant.Lease.Steps.Count == 1);
    }

    [Fact]
    public void Whoever_watches_learns_of_the_switch_and_of_the_steps_before_it()
    {
        Switch(new SetPolicies(new("lockstep")));

        observer.FishForMessage<PoliciesSwitched>(switched => switched == new PoliciesSwitched(1, new("lockstep"), 1));
    }

    [Fact]
    public void Changes_join_a_switch_that_is_under_way()
    {
        Lease lease = Join();
        TestProbe other = CreateTestProbe();
        Choose(Change("blocks", "lockstep"));
        trainer.Tell(Change("refresh", "4"), other);

        Finish(lease);

        CurrentPolicies both = new(1, new("lockstep", Refresh: 4));
        chooser.ExpectMsg(both);
        other.ExpectMsg(both);
    }

    [Fact]
    public void A_change_leaves_the_other_policies_as_they_are()
    {
        Switch(Change("refresh", "4"));

        chooser.ExpectMsg(new CurrentPolicies(1, Old with { Refresh = 4 }));
    }

    [Theory]
    [InlineData("colour", "red", "there is no policy 'colour': there are blocks, placement, visit, embedding, embedding-lag, head, schedule, schedule-lag, refresh, moments")]
    [InlineData("blocks", "lokstep", "unknown policy 'lokstep': did you mean 'lockstep'?")]
    [InlineData("refresh", "0", "policy refresh cannot be '0'")]
    [InlineData("blocks", null, "policy blocks cannot be ''")]
    public void What_cannot_be_a_policy_is_refused_with_the_reason(string name, string? text, string reason)
    {
        Choose(Change(name, text!));

        Assert.Contains(reason, chooser.ExpectMsg<PoliciesRefused>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_refused_leaves_the_leases_that_are_out_alone()
    {
        Join();

        Choose(Change("colour", "red"));

        chooser.ExpectMsg<PoliciesRefused>();
        Assert.False(worker.HasMessages);
    }

    [Fact]
    public void A_run_that_is_stopping_refuses_a_switch()
    {
        Join();
        trainer.Tell(new StopRun());

        Choose(new SetPolicies(new("lockstep")));

        chooser.ExpectMsg(new PoliciesRefused("the run is over"));
    }

    [Fact]
    public void A_run_that_has_ended_refuses_a_switch()
    {
        trainer.Tell(new StopRun());

        Choose(new SetPolicies(new("lockstep")));

        chooser.ExpectMsg(new PoliciesRefused("the run is over"));
    }

    [Fact]
    public void Whoever_waits_for_a_switch_that_the_end_of_the_run_overtakes_is_told()
    {
        Lease lease = Join();
        Choose(new SetPolicies(new("lockstep")));
        trainer.Tell(new StopRun());

        Finish(lease);

        chooser.ExpectMsg(new PoliciesRefused("the run has ended"));
    }

    private static ChangePolicies Change(string name, string text) => new(new Dictionary<string, string> { [name] = text });

    private void Choose(object asked) => trainer.Tell(asked, chooser);

    /// <summary>Asks for a switch, and lets all that it waits for happen.</summary>
    private void Switch(object asked)
    {
        Lease lease = Join();
        Choose(asked);
        Finish(lease);
    }

    private void Finish(Lease lease)
    {
        Commit(lease, to: 1);
        trainer.Tell(new HeadAdvanced(1, 1, 0, FakeMethod.HeadState(1)));
    }

    private CurrentPolicies Current()
    {
        TestProbe asker = CreateTestProbe();
        trainer.Tell(new GetPolicies(), asker);
        return asker.ExpectMsg<CurrentPolicies>();
    }

    private Lease Join()
    {
        trainer.Tell(new RegisterWorker("west", 1), worker);
        return worker.ExpectMsg<GrantLease>().Lease;
    }

    private void Commit(Lease lease, long to) =>
        trainer.Tell(new StepsCommitted(lease, [.. new StepLoss[to - lease.Steps.From]], TimeSpan.Zero, FakeMethod.State(lease.Block, to)), worker);

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef to) => ReceiveAny(to.Forward);
    }
}
