using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>Serves a run, and after it those that take its place, all at one address.</summary>
/// <param name="open">Opens the run that is to be served now, at a port.</param>
/// <param name="keys">Who may ask; null for everybody who can reach the address.</param>
/// <param name="insecure">Whether the address may be one that other machines reach without a key.</param>
/// <param name="tell">Told what happens, a line each.</param>
internal sealed class Succession(Func<int?, Task<IServedRun>> open, ApiKeys? keys, bool insecure, Action<string> tell)
{
    // A run whose states do not come within so many looks answers nevertheless, and says what is missing.
    private const int LooksForStates = 60;

    /// <summary>Serves until it is stopped.</summary>
    /// <param name="first">The first run; disposed of, as all others.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="NoPropException">It cannot be listened, or the run cannot be served any more.</exception>
    public async Task ServeAsync(IServedRun first, CancellationToken stop)
    {
        List<Task> past = [];
        IServedRun? served = first;
        try
        {
            int? port = null;
            while (served is not null)
            {
                IServedRun? next;
                await using (ServeServer server = await ServeServer.StartAsync(served, keys, insecure))
                {
                    if (port is null)
                    {
                        tell(server.Address.ToString().TrimEnd('/'));
                    }

                    if (served.Inference.Missing.Count > 0)
                    {
                        tell("waits for the first checkpoint of the run");
                    }

                    port = server.Address.Port;
                    Task stopped = Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
                    next = await Task.WhenAny(stopped, served.Succeeded) == stopped ? null : await NextAsync(served, port, stop);
                    await server.StopAsync();
                }

                // It leaves its cluster, which takes a while: the next one answers meanwhile.
                past.Add(served.DisposeAsync().AsTask());
                served = next;
            }
        }
        finally
        {
            if (served is not null)
            {
                await served.DisposeAsync();
            }

            await Task.WhenAll(past);
        }
    }

    /// <summary>Opens the run that follows; the one before goes on until it is there. Null when this is stopped.</summary>
    private async Task<IServedRun?> NextAsync(IServedRun before, int? port, CancellationToken stop)
    {
        await before.Succeeded;
        string? told = null;
        TimeSpan look = before.Settings.Serve.Refresh;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                IServedRun next = await open(port);
                for (int i = 0; i < LooksForStates && !stop.IsCancellationRequested && (next.Inference.Missing.Count > 0 || next.Inference.Problem is not null); i++)
                {
                    await Task.WhenAny(Task.Delay(look, stop));
                }

                tell($"{next.Name} answers from now on");
                return next;
            }
            catch (NoPropException e)
            {
                // Maybe it has ended again already; the one before still answers.
                if (e.Message != told)
                {
                    tell(told = e.Message);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }

            await Task.WhenAny(Task.Delay(look, stop));
        }

        return null;
    }
}
