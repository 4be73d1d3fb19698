using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;

namespace NoProp.Host.Serving;

/// <summary><c>POST /v1/predict</c>.</summary>
/// <param name="inference">What answers.</param>
/// <param name="limits">What a request may have.</param>
internal sealed class PredictEndpoint(IInference inference, ServeSettings limits) : IDisposable
{
    private const int LongestBoundary = 128;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private readonly RequestImages images = new(inference.Model, limits);

    /// <summary>Answers a request.</summary>
    /// <exception cref="RequestException">It cannot be read.</exception>
    /// <exception cref="PredictionException">The chain has no answer.</exception>
    public async Task<PredictAnswer> AnswerAsync(HttpRequest request)
    {
        CancellationToken aborted = request.HttpContext.RequestAborted;
        (string Name, string Value)[] query = request.Query.Count == 0 ? [] : [.. request.Query.SelectMany(pair => pair.Value.Select(value => (pair.Key, value ?? "")))];
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) || type.MediaType.Value is not { } media)
        {
            throw Unsupported("no Content-Type, or none that can be read");
        }

        PredictionRequest asked = media.ToLowerInvariant() switch
        {
            "application/json" => await FromJsonAsync(request.Body, query, aborted),
            "application/octet-stream" or "application/x-idx" => Options(query).Request with { Pixels = images.FromBytes(await AllAsync(request.BodyReader, aborted)) },
            "multipart/form-data" => await FromPicturesAsync(await PartsAsync(request.Body, type, aborted), query, aborted),
            string picture when picture.StartsWith("image/", StringComparison.Ordinal) => await FromPicturesAsync([await AllAsync(request.BodyReader, aborted)], query, aborted),
            _ => throw Unsupported($"Content-Type {RequestOptions.Shown(media)}"),
        };
        return PredictAnswer.Of(await inference.PredictAsync(asked, aborted), inference.Model);
    }

    /// <inheritdoc/>
    public void Dispose() => images.Dispose();

    private static RequestException Unsupported(string what) => new(
        StatusCodes.Status415UnsupportedMediaType, $"{what}: send image/png, image/jpeg, multipart/form-data, application/octet-stream or application/json");

    private static RequestException Bad(string message) => new(StatusCodes.Status400BadRequest, message);

    private RequestOptions Options(IEnumerable<(string Name, string Value)> given) => RequestOptions.Read(given, limits.MaxSamples);

    private async Task<PredictionRequest> FromPicturesAsync(IReadOnlyList<byte[]> pictures, IEnumerable<(string Name, string Value)> given, CancellationToken aborted)
    {
        RequestOptions options = Options(given);
        return options.Request with { Pixels = await images.DecodeAsync(pictures, options.Invert, aborted) };
    }

    private async Task<PredictionRequest> FromJsonAsync(Stream body, IEnumerable<(string Name, string Value)> query, CancellationToken aborted)
    {
        using JsonDocument document = await ParseAsync(body, aborted);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("images", out JsonElement all))
        {
            throw Bad("the body must be an object with images, as in {\"images\": [...]}");
        }

        IEnumerable<(string, string)> fields = document.RootElement.EnumerateObject()
            .Where(field => field.Name != "images" && field.Value.ValueKind != JsonValueKind.Null)
            .Select(field => (field.Name, field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.String
                ? throw Bad($"{RequestOptions.Shown(field.Name)}: must be a number, true or false")
                : field.Value.GetRawText()));
        RequestOptions options = Options(query.Concat(fields));
        return options.Request with { Pixels = await images.FromJsonAsync(all, options, aborted) };
    }

    private static async Task<JsonDocument> ParseAsync(Stream body, CancellationToken aborted)
    {
        try
        {
            return await JsonDocument.ParseAsync(body, Strict, aborted);
        }
        catch (JsonException e)
        {
            throw Bad($"the body is no JSON: {e.Message}");
        }
    }

    private async Task<List<byte[]>> PartsAsync(Stream body, MediaTypeHeaderValue type, CancellationToken aborted)
    {
        string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value ?? "";
        if (boundary.Length is 0 or > LongestBoundary)
        {
            throw Bad("multipart/form-data needs a boundary of at most 128 characters");
        }

        List<byte[]> parts = [];
        try
        {
            MultipartReader reader = new(boundary, body);
            while (await reader.ReadNextSectionAsync(aborted) is { } section)
            {
                parts.Add(await AllAsync(PipeReader.Create(section.Body), aborted));
                if (parts.Count > limits.MaxImages)
                {
                    throw new RequestException(StatusCodes.Status413PayloadTooLarge, $"more than {limits.MaxImages} parts: send more requests");
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException || e is IOException and not BadHttpRequestException)
        {
            throw Bad($"the parts cannot be read: {e.Message}");
        }

        return parts;
    }

    private static async ValueTask<byte[]> AllAsync(PipeReader body, CancellationToken aborted)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(aborted);
            if (read.IsCompleted)
            {
                byte[] all = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return all;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
