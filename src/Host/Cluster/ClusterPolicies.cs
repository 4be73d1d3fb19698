using NoProp.Actors.Protocol;
using NoProp.Host.Control;
using NoProp.Models;

namespace NoProp.Host.Cluster;

/// <summary>The policies of the run that a cluster trains.</summary>
internal sealed class ClusterPolicies : IRunPolicies
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);

    private readonly ClusterClient client;
    private readonly bool owned;

    private ClusterPolicies(ClusterClient client, string run, bool owned) => (this.client, Run, this.owned) = (client, run, owned);

    /// <summary>The run's name.</summary>
    public string Run { get; }

    /// <summary>Joins the cluster.</summary>
    /// <param name="client">A member; this one's from now on.</param>
    /// <param name="wanted">Name of the run that is to be in training; null for whichever is.</param>
    /// <exception cref="NoPropException">It is not in training, or no trainer answers.</exception>
    public static async Task<ClusterPolicies> OfAsync(ClusterClient client, string? wanted)
    {
        try
        {
            TrainingStatus status = (TrainingStatus)await client.AskAsync(new GetTrainingStatus(), "what it trains", AnswerWithin);
            return new(client, status.Named(wanted), owned: true);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>The policies of a run that is known to be in training.</summary>
    /// <param name="client">A member; stays the caller's.</param>
    /// <param name="run">The run's name.</param>
    public static ClusterPolicies Over(ClusterClient client, string run) => new(client, run, owned: false);

    /// <inheritdoc/>
    public async Task<PoliciesAnswer?> GetPoliciesAsync(CancellationToken stop) =>
        Read(await client.AskAsync(new GetPolicies { Run = Run }, "which policies hold", AnswerWithin).WaitAsync(stop));

    /// <inheritdoc/>
    public async Task<PoliciesAnswer?> ChangePoliciesAsync(IReadOnlyDictionary<string, string> changes, CancellationToken stop) =>
        Read(await client.AskAsync(
            new ChangePolicies(changes) { Run = Run }, "to let the steps in progress end, after which the policies are switched", ControlApi.FenceWithin).WaitAsync(stop));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => owned ? client.DisposeAsync() : ValueTask.CompletedTask;

    private PoliciesAnswer? Read(object answer) => answer switch
    {
        CurrentPolicies current => ControlApi.Answer(current),
        PoliciesRefused refused => throw new NoPropException($"{Run} refuses: {refused.Reason}"),
        _ => throw new NoPropException($"{Run} is no longer in training"),
    };
}
