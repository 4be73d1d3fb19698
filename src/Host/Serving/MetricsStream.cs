using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace NoProp.Host.Serving;

/// <summary><c>GET /v1/metrics/stream</c>: the run's records as server-sent events.</summary>
internal static class MetricsStream
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>Sends records until the client goes or the service ends.</summary>
    /// <param name="context">The request.</param>
    /// <param name="run">The run.</param>
    /// <param name="ending">The service ends.</param>
    public static async Task WriteAsync(HttpContext context, IServedRun run, CancellationToken ending)
    {
        string? from = context.Request.Query["from"];
        if (from is not (null or "" or "start" or MetricsTail.Now))
        {
            throw new RequestException(StatusCodes.Status400BadRequest, $"from {RequestOptions.Shown(from)}: must be start or now");
        }

        string? after = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : from == MetricsTail.Now ? from : null;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        try
        {
            await response.StartAsync(stop.Token);
            long sent = Stopwatch.GetTimestamp();
            bool quiet = false;
            await foreach (MetricsRecord? record in run.RecordsAsync(after, stop.Token))
            {
                if (record is not null)
                {
                    await response.WriteAsync($"event: {record.Type}\nid: {record.Id}\ndata: {record.Json}\n\n", Encoding.UTF8, stop.Token);
                    (sent, quiet) = (Stopwatch.GetTimestamp(), false);
                }
                else if (Stopwatch.GetElapsedTime(sent) > KeepAlive || !quiet)
                {
                    // The first time that nothing comes says that all is sent that is there.
                    await response.WriteAsync(": nothing new\n\n", Encoding.UTF8, stop.Token);
                    await response.Body.FlushAsync(stop.Token);
                    (sent, quiet) = (Stopwatch.GetTimestamp(), true);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // One of the two has gone.
        }
    }
}
