using System.Security.Cryptography;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>
/// The dashboard: a shell at each of its addresses, and the files of its version. Neither holds any data, so they need no
/// credentials.
/// </summary>
internal static class DashboardEndpoints
{
    private const string ImmutableFor = "public, max-age=31536000, immutable";

    /// <summary>The deepest address; no screen has one of more than a few segments.</summary>
    private const int MaxDepth = 16;

    private static readonly FileExtensionContentTypeProvider ContentTypes = new()
    {
        Mappings = { [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8",
            [".svg"] = "image/svg+xml; charset=utf-8" },
    };

    public static void MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        DashboardOptions options = endpoints.ServiceProvider.GetRequiredService<IOptions<ApiOptions>>().Value.Dashboard;
        if (!options.Enabled)
        {
            return;
        }

        RouteGroupBuilder dashboard = endpoints.MapGroup(options.PathBase);
        dashboard.WithMetadata(new RuntimeEndpoint(EndpointAccess.Probe)).AllowAnonymous().ExcludeFromDescription();
        // An app's own page at the same address is asked first.
        dashboard.WithOrder(1);
        dashboard.MapMethods("/-/{version}/{**file}", [HttpMethods.Get, HttpMethods.Head], GetFile);
        int depth = options.PathBase.Count(static c => c == '/');
        dashboard.MapMethods(
            "/{**page}", [HttpMethods.Get, HttpMethods.Head],
            (string? page, HttpContext http, DashboardFiles files, DashboardHeaders headers) =>
                GetShell(page ?? "", depth, http, files, headers));
    }

    private static IResult GetFile(string version, string file, HttpContext http, DashboardFiles files, DashboardHeaders headers)
    {
        DashboardVersion current = files.Current;
        if (version != current.Id || current.Find(file) is not { } found)
        {
            throw NotFound("This version of the dashboard has no such file; load the page again.");
        }

        headers.AddTo(http.Response.Headers);
        http.Response.Headers.CacheControl = ImmutableFor;
        (ReadOnlyMemory<byte> bytes, string encoding) = found.In(ContentEncoding.Of(http.Request));
        Encode(http.Response, encoding);
        return TypedResults.Bytes(bytes, ContentTypes.TryGetContentType(file, out string? type)
            ? type
            : "application/octet-stream");
    }

    private static IResult GetShell(string page, int depth, HttpContext http, DashboardFiles files, DashboardHeaders headers)
    {
        PathString path = http.Request.Path;
        if (page.Length == 0 && !path.Value!.EndsWith('/'))
        {
            // Relative, so that it holds behind a proxy that takes a prefix off.
            return new RelativeRedirect($"{path.Value[(path.Value.LastIndexOf('/') + 1)..]}/");
        }

        int below = page.Count(static c => c == '/');
        if (below > MaxDepth || !TakesHtml(http.Request.Headers.Accept.ToString()))
        {
            throw NotFound("The dashboard has no such file.");
        }

        headers.AddTo(http.Response.Headers);
        string dashboard = below == 0 ? "./" : Up(below);
        byte[] shell = files.Current.Shell(dashboard, Up(below + depth));
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(shell))}\"";
        (ReadOnlyMemory<byte> bytes, string encoding) = new DashboardFile("", shell).In(ContentEncoding.Of(http.Request));
        Encode(http.Response, encoding);
        // A weak tag: it is the same however the shell is compressed.
        return TypedResults.Bytes(bytes, "text/html; charset=utf-8", entityTag: new EntityTagHeaderValue(tag, isWeak: true));
    }

    private static void Encode(HttpResponse response, string encoding)
    {
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        if (encoding != ContentEncoding.Identity)
        {
            response.Headers.ContentEncoding = encoding;
        }
    }

    private static string Up(int levels) => string.Concat(Enumerable.Repeat("../", levels));

    private static bool TakesHtml(string accept) =>
        accept is "" or "*/*" || accept.Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static ProblemException NotFound(string detail) => new(StatusCodes.Status404NotFound, "notFound", detail);
}
