using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>What can be asked of a run over HTTP; docs/serve.md describes it.</summary>
internal static class ServeApi
{
    /// <summary>Where images are sent.</summary>
    public const string Predict = "/v1/predict";

    /// <summary>Adds the routes.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="run">The run.</param>
    /// <param name="predict">Answers about images.</param>
    /// <param name="prometheus">What is measured of the service.</param>
    /// <param name="ending">The service ends.</param>
    public static void Map(IEndpointRouteBuilder routes, IServedRun run, PredictEndpoint predict, PrometheusText prometheus, CancellationToken ending)
    {
        routes.MapPost(Predict, (Delegate)(async (HttpContext context) => await WriteAsync(context.Response, (await predict.AnswerAsync(context.Request)).ToUtf8())))
            .WithSummary("Class and probabilities of images")
            .WithDescription("A picture, multipart/form-data with pictures, an IDX file or raw pixels, or JSON with arrays of numbers or pictures in base64. Options in the query, or with JSON in the body: seed, samples, stochastic, depth, stopAt, steps, trace, invert.")
            .Accepts<byte[]>("image/png", "image/jpeg", "multipart/form-data", "application/octet-stream", "application/json")
            .Produces<PredictAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes.MapGet("/v1/model", () => TypedResults.Json(Model(run), PredictAnswer.Json)).WithSummary("The network that answers").Produces<ModelAnswer>();
        routes.MapGet("/v1/blocks", () => TypedResults.Json(Blocks(run.Inference), PredictAnswer.Json)).WithSummary("Version and time of each block").Produces<BlocksAnswer>();
        routes.MapGet("/v1/metrics/stream", (Delegate)((HttpContext context) => MetricsStream.WriteAsync(context, run, ending)))
            .WithSummary("What the run records, as server-sent events").Produces<string>(contentType: "text/event-stream");
        routes.MapGet("/metrics", (Delegate)prometheus.WriteAsync).WithSummary("What is measured of this service, for Prometheus").Produces<string>(contentType: "text/plain");
        routes.MapGet("/healthz", () => TypedResults.Text("alive\n")).WithSummary("Whether the process answers");
        routes.MapGet("/readyz", () => Missing(run.Inference) is { } reason
            ? throw new RequestException(StatusCodes.Status503ServiceUnavailable, reason)
            : TypedResults.Text("ready\n")).WithSummary("Whether images can be answered").ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    // With its length, in one piece: an answer is small.
    private static async ValueTask WriteAsync(HttpResponse response, byte[] json)
    {
        (response.ContentType, response.ContentLength) = ("application/json; charset=utf-8", json.Length);
        await response.BodyWriter.WriteAsync(json);
    }

    /// <summary>What has no state yet, in words; null where nothing is missing.</summary>
    private static string? Missing(InferenceService inference) =>
        inference.Missing is { Count: > 0 } missing ? $"no state yet of {string.Join(", ", missing)}: the first checkpoint of the run brings it" : inference.Problem;

    private static ModelAnswer Model(IServedRun run)
    {
        (InferenceModel model, NoPropSettings settings) = (run.Inference.Model, run.Settings);
        ServeSettings limits = settings.Serve;
        return new(
            run.Name,
            settings.Training.Method.ToString().ToLowerInvariant(),
            settings.Data.Name,
            settings.Training.Network.Kind.ToString().ToLowerInvariant(),
            settings.Training.Embedding.Name,
            new(model.Shape.Channels, model.Shape.Height, model.Shape.Width, model.PixelMax),
            model.ClassNames,
            model.Blocks,
            model.Steps,
            model.Defaults.Seed,
            model.Defaults.Samples,
            model.Defaults.Stochastic,
            new(limits.MaxBody, limits.MaxImages, limits.MaxSide, limits.MaxSamples),
            run.Step,
            run.Inference.Missing.Count == 0);
    }

    private static BlocksAnswer Blocks(InferenceService inference)
    {
        IReadOnlyDictionary<string, long> versions = inference.Versions;
        IReadOnlyList<BlockTimes> times = inference.Meter.Blocks;
        return new(
            [
                .. BlockId.UpTo(inference.Model.Blocks).Select(block =>
                {
                    BlockTimes time = block.Index < times.Count ? times[block.Index] : default;
                    return new BlockStateAnswer(
                        block.Value, block.FileName, Version(versions, block.FileName), time.Batches, time.Batches > 0 ? time.Time.TotalMilliseconds / time.Batches : null);
                }),
            ],
            new(InferenceService.HeadName, Version(versions, InferenceService.HeadName)));
    }

    private static long? Version(IReadOnlyDictionary<string, long> versions, string name) => versions.TryGetValue(name, out long version) ? version : null;
}
