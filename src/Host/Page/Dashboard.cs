using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Host.Serving;
using NoProp.Models;

namespace NoProp.Host.Page;

/// <summary>The page of a run in the process that trains it.</summary>
internal sealed class Dashboard : IAsyncDisposable
{
    // The last records of a run are read by who looks at it within that time.
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(1);

    private readonly DashboardRun run;
    private readonly ServeServer server;

    private Dashboard(DashboardRun run, ServeServer server) => (this.run, this.server) = (run, server);

    /// <summary>Where it is.</summary>
    public Uri Address => server.Address;

    /// <summary>Starts to serve it.</summary>
    /// <param name="plan">The run, in a folder.</param>
    /// <param name="port">A port of 127.0.0.1; 0 for any that is free.</param>
    /// <exception cref="NoPropException">It cannot be listened at.</exception>
    public static async Task<Dashboard> StartAsync(RunPlan plan, int port)
    {
        NoPropSettings settings = plan.Settings;
        DashboardRun run = await DashboardRun.StartAsync(plan with { Settings = settings with { Serve = settings.Serve with { Listen = new NodeAddress("127.0.0.1", port) } } });
        try
        {
            return new(run, await ServeServer.StartAsync(run));
        }
        catch (NoPropException e)
        {
            await run.DisposeAsync();
            throw new NoPropException(e.Message.Replace("--listen", "--dashboard PORT", StringComparison.Ordinal), e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (run.HasViewers)
        {
            await Task.Delay(LastLook);
        }

        await server.StopAsync();
        await server.DisposeAsync();
        await run.DisposeAsync();
    }
}
