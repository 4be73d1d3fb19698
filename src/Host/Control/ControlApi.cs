using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Host.Views;
using NoProp.Models;

namespace NoProp.Host.Control;

/// <summary>Policies of a run, as the control endpoint gives them.</summary>
/// <param name="Fence">Switches so far.</param>
/// <param name="Policies">Each policy's text, by the names of <see cref="PolicyTable"/>.</param>
internal sealed record PoliciesAnswer(long Fence, IReadOnlyDictionary<string, string> Policies);

/// <summary>A block, as the control endpoint gives it.</summary>
internal sealed record BlockAnswer(int Block, long Clock, long Lead, double StepsPerSecond);

/// <summary>A run, as the control endpoint gives it.</summary>
internal sealed record StatusAnswer(long BlockSteps, long Target, double StepsPerSecond, IReadOnlyList<BlockAnswer> Blocks);

/// <summary>What can be asked of a run in training.</summary>
internal static class ControlApi
{
    /// <summary>Where the policies are.</summary>
    public const string Policies = "/v1/policies";

    /// <summary>Where the state of the run is.</summary>
    public const string Status = "/v1/status";

    /// <summary>How long a switch may take: a step of the largest network on one core takes seconds, and all leases end with one.</summary>
    internal static readonly TimeSpan FenceWithin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Adds the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes, RunControl control, TrainingProgress progress)
    {
        routes.MapGet(Policies, async (CancellationToken aborted) => Answer(await control.GetPoliciesAsync(AnswerWithin, aborted)));
        routes.MapPatch(Policies, async Task<Results<Ok<PoliciesAnswer>, ProblemHttpResult>> (Dictionary<string, string> changes, CancellationToken aborted) =>
        {
            try
            {
                return TypedResults.Ok(Answer(await control.ChangePoliciesAsync(changes, FenceWithin, aborted)));
            }
            catch (NoPropException e)
            {
                return TypedResults.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
            }
        });
        routes.MapGet(Status, () => Answer(progress.Read()));
    }

    /// <summary>Policies as they are given to others.</summary>
    internal static PoliciesAnswer Answer(CurrentPolicies policies) => new(policies.Fence, PolicyTable.Texts(policies.Policies));

    private static StatusAnswer Answer(ProgressSnapshot now) => new(
        now.TotalSteps, now.TotalTarget, now.StepsPerSecond, [.. now.Blocks.Select((block, i) => new BlockAnswer(i + 1, block.Clock, block.Lead, block.StepsPerSecond))]);
}
