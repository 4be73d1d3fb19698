using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>A request that cannot be answered.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="message">What was wrong, and what to do.</param>
internal sealed class RequestException(int status, string message) : NoPropException(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;
}
