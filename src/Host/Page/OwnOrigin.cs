using Microsoft.AspNetCore.Http;
using NoProp.Host.Serving;

namespace NoProp.Host.Page;

/// <summary>Requests that change something come from this service's own page, or from a program that is no browser.</summary>
internal static class OwnOrigin
{
    /// <summary>Lets a request in, or not.</summary>
    /// <exception cref="RequestException">It comes from a page of elsewhere, or is no JSON: a form of another page can send everything else.</exception>
    public static void Require(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if ((origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)) || site is not ("" or "same-origin" or "none"))
        {
            throw new RequestException(StatusCodes.Status403Forbidden, "a page of another origin must not change anything here");
        }

        if (!request.HasJsonContentType())
        {
            throw new RequestException(StatusCodes.Status415UnsupportedMediaType, "send Content-Type: application/json");
        }
    }
}
