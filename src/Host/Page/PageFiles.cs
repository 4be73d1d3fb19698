using System.Collections.Frozen;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace NoProp.Host.Page;

/// <summary>The files of the page, which are part of this assembly.</summary>
internal static class PageFiles
{
    /// <summary>Where they are.</summary>
    public const string Folder = "/page";

    /// <summary>The page itself.</summary>
    public const string Index = "index.html";

    /// <summary>Nothing but this service's own files runs in the page or is asked by it, and nobody frames it.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'";

    private const string Prefix = "page/";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    /// <summary>Names of the files.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. typeof(PageFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>The text of a file.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static string Read(string name)
    {
        using StreamReader reader = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name)!);
        return reader.ReadToEnd();
    }

    /// <summary>Adds their routes. They hold no secrets: who has no key yet reads them too.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext context) => Answer(context, Index)).ExcludeFromDescription();
        foreach (string name in Names.Where(name => name != Index))
        {
            routes.MapGet($"{Folder}/{name}", (HttpContext context) => Answer(context, name)).ExcludeFromDescription();
        }
    }

    private static IResult Answer(HttpContext context, string name)
    {
        Guard(context.Response, Policy);
        return Results.Text(Read(name), Types[Path.GetExtension(name)]);
    }

    /// <summary>What every answer says that a browser shows.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="policy">What its content may do.</param>
    internal static void Guard(HttpResponse response, string policy)
    {
        response.Headers.ContentSecurityPolicy = policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers.CacheControl = "no-cache";
    }
}
