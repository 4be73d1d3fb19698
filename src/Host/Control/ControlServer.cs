using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Views;

namespace NoProp.Host.Control;

/// <summary>
/// Lets other processes of the same user steer a run: HTTP over a Unix domain socket in a folder that nobody else can enter, and where it is
/// wanted over a loopback address, with a token.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DirectoryInfo directory;
    private readonly RunFolder folder;

    private ControlServer(WebApplication app, DirectoryInfo directory, RunFolder folder) => (this.app, this.directory, this.folder) = (app, directory, folder);

    /// <summary>Starts to listen, and says so in the run's folder.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="control">The run.</param>
    /// <param name="progress">What is known of it.</param>
    /// <param name="address">A loopback address to listen on too; null for none.</param>
    public static async Task<ControlServer> StartAsync(RunFolder folder, RunControl control, TrainingProgress progress, IPEndPoint? address)
    {
        // A path in the run's folder could be longer than a socket's may be. This one is the user's alone.
        DirectoryInfo directory = Directory.CreateTempSubdirectory("noprop-");
        string socket = Path.Combine(directory.FullName, "control.sock");
        string? token = address is null ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, RunsLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socket);
            kestrel.Limits.MaxRequestBodySize = 64 << 10;
            if (address is not null)
            {
                kestrel.Listen(address);
            }
        });
        WebApplication app = builder.Build();
        if (token is not null)
        {
            app.Use((context, next) => Admit(context, next, token));
        }

        ControlApi.Map(app, control, progress);
        ControlServer server = new(app, directory, folder);
        try
        {
            await app.StartAsync();
            new ControlFile(Environment.ProcessId, socket, address?.ToString(), token).Write(folder);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            File.Delete(folder.Control);
            await app.StopAsync(new CancellationToken(canceled: true));
            directory.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            // The run is over either way, and what is left says the id of a process that is gone.
        }

        await app.DisposeAsync();
    }

    /// <summary>The socket lets its owner in alone; whoever comes by the address shows the token.</summary>
    private static Task Admit(HttpContext context, RequestDelegate next, string token)
    {
        if (context.Connection.RemoteIpAddress is null
            || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {token}")))
        {
            return next(context);
        }

        return Results.Problem("the token is missing or wrong: it stands in control.json in the run's folder", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    /// <summary>The run decides about Ctrl-C.</summary>
    private sealed class RunsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
