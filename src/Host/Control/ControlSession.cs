using System.Net;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Views;

namespace NoProp.Host.Control;

/// <summary>The control server of a run, from its beginning to its end: it starts beside the training, which goes on where it cannot.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">What is known of the run.</param>
/// <param name="address">A loopback address to listen on too; null for none.</param>
internal sealed class ControlSession(RunFolder folder, TrainingProgress progress, IPEndPoint? address) : IAsyncDisposable
{
    private Task<ControlServer?> starting = Task.FromResult<ControlServer?>(null);

    /// <summary>Why nobody can steer the run; null where they can.</summary>
    public string? Problem { get; private set; }

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
            Problem = e.Message.Split('\n')[0];
            return null;
        }
    }
}
