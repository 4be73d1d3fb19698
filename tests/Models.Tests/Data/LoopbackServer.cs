using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NoProp.Models.Tests.Data;

/// <summary>A web server on this computer alone that can also break off in the middle of a file.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task serving;

    public LoopbackServer()
    {
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/set/");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>File name to contents; anything else is answered by 404.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = [];

    /// <summary>Files that were asked for, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The connection is closed after so many bytes of a file.</summary>
    public int BreakAfter { get; set; } = int.MaxValue;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                using StreamReader reader = new(client.GetStream(), leaveOpen: true);
                string name = (await reader.ReadLineAsync() ?? "").Split(' ').ElementAtOrDefault(1) ?? "";
                name = name.Replace("/set/", "", StringComparison.Ordinal);
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                }

                Requests.Enqueue(name);
                bool found = Files.TryGetValue(name, out byte[]? body);
                string status = found ? "200 OK" : "404 Not Found";
                string header = $"HTTP/1.1 {status}\r\nContent-Length: {body?.Length ?? 0}\r\nConnection: close\r\n\r\n";
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(header));
                await client.GetStream().WriteAsync((body ?? []).AsMemory(0, Math.Min(BreakAfter, body?.Length ?? 0)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The listener was stopped, or a client went away.
        }
    }
}
