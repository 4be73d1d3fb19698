using Microsoft.AspNetCore.Http;
using NoProp.Actors.Inference;
using Prometheus;

namespace NoProp.Host.Serving;

/// <summary><c>GET /metrics</c>: what a meter measures, as Prometheus reads it.</summary>
internal sealed class PrometheusText : IDisposable
{
    private static readonly double[] Seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly double[] Images = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly CollectorRegistry registry = Metrics.NewCustomRegistry();
    private readonly IDisposable listening;

    /// <summary>Begins to listen to a meter.</summary>
    public PrometheusText(InferenceMeter meter) => listening = MeterAdapter.StartListening(new MeterAdapterOptions
    {
        Registry = registry,
        MetricFactory = Metrics.WithCustomRegistry(registry),
        InstrumentFilterPredicate = instrument => instrument.Meter == meter.Meter,
        ResolveHistogramBuckets = instrument => instrument.Unit == "s" ? Seconds : Images,
    });

    /// <summary>Writes them.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }

    /// <inheritdoc/>
    public void Dispose() => listening.Dispose();
}
