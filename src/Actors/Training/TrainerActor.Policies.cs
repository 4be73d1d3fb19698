using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <content>Live switches of policies.</content>
public sealed partial class TrainerActor
{
    // Who asked for the switch that is under way, and is answered when it is made.
    private readonly List<IActorRef> choosers = [];

    private CurrentPolicies Policies => new(state.Fence, state.Goal.Policies.Settings);

    private void Choose(Func<PolicySettings> asked)
    {
        if (state.Phase is RunPhase.Stopping or RunPhase.Ended)
        {
            Sender.Tell(new PoliciesRefused("the run is over"));
            return;
        }

        PolicySet policies;
        try
        {
            // Whoever may steer a run may choose among its policies, and not bring code along.
            policies = state.Goal.Catalog.Parse(asked() with { Assemblies = state.Goal.Policies.Settings.Assemblies });
        }
        catch (NoPropException e)
        {
            Sender.Tell(new PoliciesRefused(e.Message));
            return;
        }

        if (Fault(policies) is { } fault)
        {
            Sender.Tell(new PoliciesRefused(fault));
            return;
        }

        choosers.Add(Sender);
        Handle(new RunInput.PoliciesChosen(policies));
    }

    private void SwitchTo(RunEffect.SwitchPolicies switched)
    {
        // Nothing is under way: from here on the head has taken in just what is committed, unless a lost lease has asked for more.
        exact = headSteps == state.TotalSteps;
        FollowSchedules();
        head.Tell(new SwitchShared(switched.Fence, switched.Policies));
        Tell(new PoliciesSwitched(switched.Fence, switched.Policies.Settings, state.TotalSteps));
        AnswerChoosers(Policies);
    }

    private void AnswerChoosers(object answer)
    {
        choosers.ForEach(chooser => chooser.Tell(answer));
        choosers.Clear();
    }
}
