using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Hosting;

/// <summary>Steers a run that is in training. Thread-safe.</summary>
public sealed class RunControl
{
    private readonly IActorRef trainer;

    internal RunControl(IActorRef trainer) => this.trainer = trainer;

    /// <summary>The policies that hold.</summary>
    /// <param name="deadline">How long to wait for the trainer.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="NoPropException">The trainer has not answered in time.</exception>
    public Task<CurrentPolicies> GetPoliciesAsync(TimeSpan deadline, CancellationToken cancellation = default) =>
        AskAsync(new GetPolicies(), deadline, "the trainer to say which policies hold", cancellation);

    /// <summary>Lets other policies hold. Ends when they do: all that was begun under the old ones has had its effect then.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="deadline">How long to wait for the steps in progress.</param>
    /// <param name="cancellation">Stops waiting, and not the switch.</param>
    /// <exception cref="NoPropException">A policy is not known, two do not go together, the run is over, or the fence is not reached in time.</exception>
    public Task<CurrentPolicies> SetPoliciesAsync(PolicySettings policies, TimeSpan deadline, CancellationToken cancellation = default) =>
        AskAsync(new SetPolicies(policies), deadline, "the steps in progress to end, after which the policies are switched", cancellation);

    /// <summary>Lets some policies change; the others stay. Ends like <see cref="SetPoliciesAsync"/>.</summary>
    /// <param name="changes">New texts by the names of <see cref="PolicyTable"/>.</param>
    /// <param name="deadline">How long to wait for the steps in progress.</param>
    /// <param name="cancellation">Stops waiting, and not the switch.</param>
    /// <exception cref="NoPropException">As above, or a policy of that name does not exist.</exception>
    public Task<CurrentPolicies> ChangePoliciesAsync(IReadOnlyDictionary<string, string> changes, TimeSpan deadline, CancellationToken cancellation = default) =>
        AskAsync(new ChangePolicies(changes), deadline, "the steps in progress to end, after which the policies are switched", cancellation);

    private async Task<CurrentPolicies> AskAsync(object question, TimeSpan deadline, string what, CancellationToken cancellation)
    {
        object answer;
        try
        {
            answer = await trainer.Ask<object>(question, deadline, cancellation);
        }
        catch (AskTimeoutException)
        {
            throw new NoPropException($"waited {deadline.TotalSeconds:0} s for {what}");
        }

        return answer as CurrentPolicies ?? throw new NoPropException(((PoliciesRefused)answer).Reason);
    }
}
