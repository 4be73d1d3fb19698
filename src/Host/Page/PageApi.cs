using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Host.Control;
using NoProp.Host.Serving;
using NoProp.Models;

namespace NoProp.Host.Page;

/// <summary>A policy as the page shows it.</summary>
internal sealed record PolicyAnswer(string Name, string Value, string Meaning);

/// <summary>The policies of the run.</summary>
/// <param name="Training">Whether somebody trains it, so that they can be changed.</param>
/// <param name="Fence">Switches so far; null where nobody trains it.</param>
/// <param name="Policies">Each of them.</param>
internal sealed record RunPoliciesAnswer(bool Training, long? Fence, IReadOnlyList<PolicyAnswer> Policies);

/// <summary>A block as a cluster has it.</summary>
internal sealed record PlacedBlockAnswer(string Name, string? Worker, string? Slots, string Steps, string Why);

/// <summary>A worker of a cluster.</summary>
internal sealed record WorkerAnswer(string Name, int Slots, int Leases, string Devices);

/// <summary>Who trains what; empty lists where one process trains the run alone.</summary>
internal sealed record PlacementAnswer(bool Training, IReadOnlyList<WorkerAnswer> Workers, IReadOnlyList<PlacedBlockAnswer> Blocks, SlotCounts? Slots);

/// <summary>What the page asks beyond the service for programs; docs/serve.md describes it.</summary>
internal static class PageApi
{
    /// <summary>Where the policies are.</summary>
    public const string Policies = "/v1/policies";

    /// <summary>Where it stands who trains what.</summary>
    public const string Status = "/v1/status";

    /// <summary>Whether a path can be asked for without a key: the page's files, which then ask for one, and reports under a name that nobody guesses.</summary>
    public static bool IsOpen(PathString path) => path == "/" || path.StartsWithSegments(PageFiles.Folder) || path.StartsWithSegments(PageReports.Folder);

    /// <summary>Adds the page and what it asks for.</summary>
    public static void Map(IEndpointRouteBuilder routes, IServedRun run)
    {
        PageFiles.Map(routes);
        PageReports.Map(routes, run);
        routes.MapGet(Policies, async Task<Ok<RunPoliciesAnswer>> (CancellationToken aborted) => TypedResults.Ok(await ReadAsync(run, aborted)))
            .WithSummary("The policies of the run, and whether they can be changed");
        routes.MapPatch(Policies, async Task<Ok<RunPoliciesAnswer>> (HttpRequest request) => TypedResults.Ok(await ChangeAsync(run, request)))
            .WithSummary("Changes policies of the run in training")
            .WithDescription("A JSON object of new texts by the policies' names. Ends when they hold: the steps in progress end first.")
            .Accepts<Dictionary<string, string>>("application/json")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        routes.MapGet(Status, async Task<Ok<PlacementAnswer>> () => TypedResults.Ok(Answer(await run.PlacementAsync(), run))).WithSummary("Who trains what");
    }

    private static async Task<RunPoliciesAnswer> ReadAsync(IServedRun run, CancellationToken stop)
    {
        PoliciesAnswer? now = null;
        try
        {
            await using IRunPolicies? policies = run.OpenPolicies();
            now = policies is null ? null : await policies.GetPoliciesAsync(stop);
        }
        catch (NoPropException)
        {
            // It has ended meanwhile, or its trainer is being replaced: what is saved is shown.
        }

        return Answer(now, PolicyTable.Texts(run.Settings.Policies));
    }

    private static async Task<RunPoliciesAnswer> ChangeAsync(IServedRun run, HttpRequest request)
    {
        OwnOrigin.Require(request);
        Dictionary<string, string?>? changes;
        try
        {
            changes = await JsonSerializer.DeserializeAsync<Dictionary<string, string?>>(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        }
        catch (JsonException)
        {
            changes = null;
        }

        if (changes is not { Count: > 0 } || changes.ContainsValue(null))
        {
            throw new RequestException(StatusCodes.Status400BadRequest, """send an object of texts by the policies' names, as in {"blocks": "lockstep"}""");
        }

        PoliciesAnswer? now;
        try
        {
            await using IRunPolicies? policies = run.OpenPolicies();
            // Who goes away meanwhile has asked all the same.
            now = policies is null ? null : await policies.ChangePoliciesAsync(changes!, CancellationToken.None);
        }
        catch (NoPropException e) when (e is not RequestException)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, e.Message);
        }

        return now is null ? throw new RequestException(StatusCodes.Status409Conflict, $"{run.Name} is not in training: there is nothing to switch") : Answer(now, now.Policies);
    }

    private static RunPoliciesAnswer Answer(PoliciesAnswer? now, IReadOnlyDictionary<string, string> saved) => new(
        now is not null, now?.Fence, [.. PolicyTable.All.Select(entry => new PolicyAnswer(entry.Name, (now?.Policies ?? saved).GetValueOrDefault(entry.Name, ""), entry.Meaning))]);

    private static PlacementAnswer Answer(TrainingStatus? status, IServedRun run)
    {
        if (status is null || status.Run != run.Name)
        {
            return new(run.IsInTraining, [], [], null);
        }

        Dictionary<string, WorkerStatus> workers = status.Workers.GroupBy(worker => worker.Name).ToDictionary(same => same.Key, same => same.First());
        return new(
            true,
            [.. status.Workers.Select(worker => new WorkerAnswer(worker.Name, worker.Slots, worker.Leases, worker.Devices))],
            [
                .. status.Blocks.Select(block => new PlacedBlockAnswer(
                    block.Block,
                    block.Worker,
                    block.Worker is not null && workers.TryGetValue(block.Worker, out WorkerStatus? on) ? $"{on.Leases} of {on.Slots} slots{(on.Devices.Length > 0 ? $", {on.Devices}" : "")}" : null,
                    block.Steps,
                    block.Why)),
            ],
            status.Slots);
    }
}
