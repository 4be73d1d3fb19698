using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Host.Page;
using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>The HTTP service of a run.</summary>
internal sealed class ServeServer : IAsyncDisposable
{
    private static readonly TimeSpan DrainWithin = TimeSpan.FromSeconds(10);
    private static readonly string[] OpenPaths = ["/healthz", "/readyz"];
    private static readonly string[] LocalNames = ["localhost", "127.0.0.1", "[::1]", "::1"];

    private readonly WebApplication app;
    private readonly PredictEndpoint predict;
    private readonly PrometheusText prometheus;

    private ServeServer(WebApplication app, PredictEndpoint predict, PrometheusText prometheus) => (this.app, this.predict, this.prometheus) = (app, predict, prometheus);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Starts to listen.</summary>
    /// <param name="run">The run; stays the caller's.</param>
    /// <param name="keys">Who may ask; null for everybody who can reach the address.</param>
    /// <param name="insecure">Whether the address may be one that other machines reach without a key.</param>
    /// <exception cref="SettingsException">Other machines reach the address, and nobody allows that.</exception>
    /// <exception cref="NoPropException">It cannot be listened at.</exception>
    public static async Task<ServeServer> StartAsync(IServedRun run, ApiKeys? keys = null, bool insecure = false)
    {
        ServeSettings settings = run.Settings.Serve;
        IPAddress[] addresses = AddressesOf(settings.Listen);
        bool local = addresses.All(IPAddress.IsLoopback);
        if (!local && keys is null && !insecure)
        {
            throw new SettingsException($"noprop.serve.listen = {settings.Listen}: other machines reach this address; name keys with --api-key-file, or say --insecure if everybody there may ask");
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, CommandsLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainWithin);
        builder.Services.AddOpenApi();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MaxBody;
            foreach (IPAddress address in addresses)
            {
                kestrel.Listen(address, settings.Listen.Port);
            }
        });
        // A request is little work: handing it from thread to thread costs more.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        WebApplication app = builder.Build();
        PredictEndpoint predict = new(run.Inference, settings);
        PrometheusText prometheus = new(run.Inference.Meter);
        ServeServer server = new(app, predict, prometheus);
        app.Use(ExplainAsync);
        app.Use((context, next) => AdmitAsync(context, next, keys, local));
        app.UseStatusCodePages(context => ProblemAsync(context.HttpContext, context.HttpContext.Response.StatusCode, $"{context.HttpContext.Request.Method} {RequestOptions.Shown(context.HttpContext.Request.Path)} is not served here: see /openapi/v1.json"));
        app.MapOpenApi();
        ServeApi.Map(app, run, predict, prometheus, app.Lifetime.ApplicationStopping);
        PageApi.Map(app, run);
        try
        {
            await app.StartAsync();
            return server;
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            throw new NoPropException($"cannot listen at {settings.Listen}: {e.Message.Split('\n')[0]}; choose another address with --listen", e);
        }
    }

    /// <summary>Takes no more requests, and waits for those in progress.</summary>
    public Task StopAsync() => app.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        prometheus.Dispose();
        predict.Dispose();
    }

    private static IPAddress[] AddressesOf(NodeAddress listen) => listen.Host switch
    {
        "localhost" => [IPAddress.Loopback],
        string host when IPAddress.TryParse(host, out IPAddress? address) => [address],
        _ => throw new SettingsException($"noprop.serve.listen = {listen}: must be an address of this machine, as in 127.0.0.1:5080 or 0.0.0.0:5080"),
    };

    private static async Task AdmitAsync(HttpContext context, RequestDelegate next, ApiKeys? keys, bool local)
    {
        // A page of elsewhere whose name leads to this machine must not ask in the name of the person who looks at it.
        if (local && !LocalNames.Contains(context.Request.Host.Host, StringComparer.OrdinalIgnoreCase))
        {
            throw new RequestException(StatusCodes.Status400BadRequest, $"the host {RequestOptions.Shown(context.Request.Host.Host)} is not this one: ask localhost");
        }

        if (keys is not null && !OpenPaths.Contains(context.Request.Path.Value) && !PageApi.IsOpen(context.Request.Path) && !keys.Admit(context.Request.Headers.Authorization.ToString()))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new RequestException(StatusCodes.Status401Unauthorized, "the key is missing or wrong: send Authorization: Bearer KEY");
        }

        await next(context);
    }

    private static async Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (RequestException e)
        {
            await ProblemAsync(context, e.Status, e.Message);
        }
        catch (PredictionException e)
        {
            if (e.Problem != PredictionProblem.Invalid)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            await ProblemAsync(context, e.Problem == PredictionProblem.Invalid ? StatusCodes.Status400BadRequest : StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await ProblemAsync(context, e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is larger than noprop.serve.max-body allows" : e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
    }

    private static Task ProblemAsync(HttpContext context, int status, string detail) => context.Response.HasStarted
        ? Task.CompletedTask
        : Results.Problem(detail, statusCode: status, title: ReasonPhrases.GetReasonPhrase(status), type: string.Create(CultureInfo.InvariantCulture, $"https://httpwg.org/specs/rfc9110.html#status.{status}")).ExecuteAsync(context);

    /// <summary>The command decides about Ctrl-C.</summary>
    private sealed class CommandsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
