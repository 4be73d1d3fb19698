using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NoProp.Benchmarks.Serving;

/// <summary>
/// A connection that puts a service under load: the client shares the processors with what it measures, so it does no more than it must. It reads
/// predictions alone, which come with their length; after anything else it connects anew.
/// </summary>
/// <param name="address">Where the service listens.</param>
internal sealed class LoadConnection(Uri address) : IDisposable
{
    private Socket? socket;
    private byte[] buffer = new byte[16 << 10];

    private static ReadOnlySpan<byte> EndOfHeader => "\r\n\r\n"u8;

    private static ReadOnlySpan<byte> Success => "HTTP/1.1 200 "u8;

    private static ReadOnlySpan<byte> Length => "Content-Length:"u8;

    /// <summary>Sends bytes, and waits for the answer.</summary>
    /// <returns>Its body, until the next request; null where it is no success.</returns>
    public async Task<ReadOnlyMemory<byte>?> PostAsync(string path, byte[] content, CancellationToken stop)
    {
        if (socket is null)
        {
            socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address.Host, address.Port, stop);
        }

        byte[] header = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/octet-stream\r\nContent-Length: {content.Length}\r\n\r\n"));
        byte[] request = [.. header, .. content];
        for (int sent = 0; sent < request.Length;)
        {
            sent += await socket.SendAsync(request.AsMemory(sent), stop);
        }

        int received = 0;
        int body = -1;
        int end = int.MaxValue;
        while (received < end)
        {
            if (received == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }

            int count = await socket.ReceiveAsync(buffer.AsMemory(received), stop);
            received += count;
            if (body < 0 && buffer.AsSpan(0, received).IndexOf(EndOfHeader) is var at and >= 0)
            {
                body = at + EndOfHeader.Length;
                end = buffer.AsSpan().StartsWith(Success) && LengthOf(buffer.AsSpan(0, at)) is { } length ? body + length : -1;
            }

            if (count == 0 || end < 0)
            {
                Dispose();
                return null;
            }
        }

        return buffer.AsMemory(body, end - body);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket?.Dispose();
        socket = null;
    }

    private static int? LengthOf(ReadOnlySpan<byte> header)
    {
        foreach (Range line in header.Split("\r\n"u8))
        {
            ReadOnlySpan<byte> field = header[line];
            if (field.Length > Length.Length && Ascii.EqualsIgnoreCase(field[..Length.Length], Length))
            {
                return int.Parse(field[Length.Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
            }
        }

        return null;
    }
}
