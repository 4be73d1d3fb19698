using System.Net;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Commands;
using NoProp.Host.Views;
using Spectre.Console;

namespace NoProp.Host.Control;

/// <summary>The control server of a run, from its beginning to its end: it starts beside the training, and what goes wrong with it is only a note.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">What is known of the run.</param>
/// <param name="address">A loopback address to listen on too; null for none.</param>
internal sealed class ControlSession(RunFolder folder, TrainingProgress progress, IPEndPoint? address) : IAsyncDisposable
{
    private Task<ControlServer?> starting = Task.FromResult<ControlServer?>(null);

    /// <summary>Begins to listen; returns at once.</summary>
    public void Begin(RunControl control) => starting = Task.Run(() => StartAsync(control));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (await starting is { } server)
        {
            await server.DisposeAsync();
        }
    }

    private async Task<ControlServer?> StartAsync(RunControl control)
    {
        try
        {
            return await ControlServer.StartAsync(folder, control, progress, address);
        }
        catch (Exception e)
        {
            Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] this run cannot be steered while it trains: {e.Message.Split('\n')[0]}");
            return null;
        }
    }
}
