using System.Net;
using NoProp.Actors.Hosting;

namespace NoProp.Host.Control;

/// <summary>Addresses on which a run can be steered.</summary>
internal static class ControlAddress
{
    /// <summary>Reads HOST:PORT.</summary>
    /// <exception cref="SettingsException">It is none, or not of this machine alone.</exception>
    public static IPEndPoint Parse(string text)
    {
        string numbers = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{text["localhost:".Length..]}" : text;
        return IPEndPoint.TryParse(numbers, out IPEndPoint? address) && address.Port > 0 && IPAddress.IsLoopback(address.Address)
            ? address
            : throw new SettingsException($"{text}: must be a loopback address with a port, as in 127.0.0.1:5077");
    }
}
