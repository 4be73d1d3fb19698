using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NoProp.Host.Report;
using NoProp.Host.Serving;
using NoProp.Models;

namespace NoProp.Host.Page;

/// <summary>The runs beside the one that is served.</summary>
/// <param name="Folder">Where they are; null where the run is of a cluster.</param>
/// <param name="Runs">The newest first.</param>
internal sealed record RunsAnswer(string? Folder, IReadOnlyList<ListedRun> Runs);

/// <summary>A report that was made.</summary>
/// <param name="Href">Where it is for as long as the service runs.</param>
internal sealed record ReportAnswer(string Href);

/// <summary>The runs in the folder, and their reports, made when they are asked for.</summary>
internal static class PageReports
{
    /// <summary>Where reports are.</summary>
    public const string Folder = "/reports";

    // A report is one file with its pictures in it, and without scripts.
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

    /// <summary>Adds the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes, IServedRun run)
    {
        // A browser opens a report without a key: only who has made it knows its name.
        ConcurrentDictionary<string, string> made = new();
        SemaphoreSlim drawing = new(1);
        routes.MapGet("/v1/runs", () => TypedResults.Ok(List(run))).WithSummary("The runs in the folder of this one");
        routes.MapPost("/v1/runs/{name}/report", async Task<Ok<ReportAnswer>> (string name, HttpRequest request) =>
        {
            OwnOrigin.Require(request);
            string path = Runs(run).FirstOrDefault(known => known.Name == name).Path
                ?? throw new RequestException(StatusCodes.Status404NotFound, $"there is no run {RequestOptions.Shown(name)} in the folder of this one");
            string file = await DrawAsync(drawing, path, request.HttpContext.RequestAborted);
            string key = made.FirstOrDefault(report => report.Value == file).Key ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            made[key] = file;
            return TypedResults.Ok(new ReportAnswer($"{Folder}/{key}"));
        }).WithSummary("Makes the report of a run").ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapGet(Folder + "/{key}", async Task<ContentHttpResult> (string key, HttpContext context) =>
        {
            if (!made.TryGetValue(key, out string? file) || !File.Exists(file))
            {
                throw new RequestException(StatusCodes.Status404NotFound, "there is no such report any more: make it again");
            }

            PageFiles.Guard(context.Response, Policy);
            return TypedResults.Content(await File.ReadAllTextAsync(file, context.RequestAborted), "text/html; charset=utf-8");
        }).ExcludeFromDescription();
    }

    private static async Task<string> DrawAsync(SemaphoreSlim drawing, string path, CancellationToken aborted)
    {
        await drawing.WaitAsync(aborted);
        try
        {
            return await Task.Run(() => ReportFile.Write([path], null, DateTime.UtcNow).Files[0], CancellationToken.None);
        }
        catch (NoPropException e)
        {
            throw new RequestException(StatusCodes.Status500InternalServerError, e.Message);
        }
        finally
        {
            drawing.Release();
        }
    }

    private static IReadOnlyList<(string Name, string Path)> Runs(IServedRun run) => run.RunsFolder is { } folder ? RunList.Find(folder) : [];

    private static RunsAnswer List(IServedRun run)
    {
        string served = run.RunsFolder is { } folder ? Path.Combine(folder, Path.GetFileName(Path.GetFullPath(run.Name))) : "";
        return new(run.RunsFolder, [.. Runs(run).Select(known => RunList.Read(known.Path, served))]);
    }
}
