using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Commands;
using Spectre.Console;

namespace NoProp.Host.Cluster;

/// <summary>A view of a run that comes back when its member was removed from the cluster, because its machine slept or was cut off.</summary>
/// <param name="client">The member; this one's from now on.</param>
/// <param name="loaded">Whom it joined.</param>
internal sealed class ClusterView(ClusterClient client, LoadedSettings loaded) : IAsyncDisposable
{
    /// <summary>The member, another one each time that it has come back.</summary>
    public ClusterClient Client { get; private set; } = client;

    /// <inheritdoc cref="ClusterClient.FollowAsync"/>
    public async Task<RunEnded> FollowAsync(string run, Action<RunEvent> observe, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await Client.FollowAsync(run, observe, cancellation);
            }
            catch (ClientRemovedException e) when (!cancellation.IsCancellationRequested)
            {
                if (!Terminal.IsLive)
                {
                    Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] {e.Message}; this command joins again");
                }

                await Client.DisposeAsync();
                Client = await ClusterClient.JoinAsync(loaded, cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
