using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Knows which pages of other origins may call: those of <c>Api:Origins</c>, or those of the CORS policy that the app has given
/// the endpoints.
/// </summary>
internal sealed class OriginRules(IOptions<ApiOptions> options)
{
    private const string Methods = "GET, HEAD, POST, PUT, DELETE";
    private const string AnswerHeaders = "Location, Retry-After, ETag, Content-Disposition, WWW-Authenticate, "
        + "Preference-Applied, Mcp-Session-Id, x-should-retry";

    private readonly HashSet<string> _origins = new(options.Value.Origins, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether pages of any other origin may call.</summary>
    public bool Any => _origins.Count > 0;

    /// <summary>Judges the page that made a request, and lets it read the answer if its origin is allowed.</summary>
    public async ValueTask<PageOrigin> ReadAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (Any)
        {
            headers.Append("Vary", "Origin");
        }

        string? origin = context.Request.Headers.Origin;
        bool isForeign = (origin is not null && !IsOwn(origin, context.Request.Host))
            || context.Request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"];
        if (!isForeign)
        {
            return PageOrigin.Own;
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is { } cors)
        {
            return origin is not null && await IsAllowedAsync(context, cors, origin) ? PageOrigin.Allowed : PageOrigin.Refused;
        }

        if (origin is null || !_origins.Contains(origin))
        {
            return PageOrigin.Refused;
        }

        // Never with credentials that the browser adds itself.
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlExposeHeaders = AnswerHeaders;
        return PageOrigin.Allowed;
    }

    /// <summary>Answers a browser that asks whether a page may make a request.</summary>
    public async Task AnswerPreflightAsync(HttpContext context)
    {
        if (await ReadAsync(context) is PageOrigin.Refused)
        {
            throw Refusal("Api:Origins names the origins whose pages may call this host.");
        }

        context.Response.Headers.AccessControlAllowMethods = Methods;
        // Whatever the page asks for: the clients of each door send headers of their own, and a header alone grants nothing.
        context.Response.Headers.AccessControlAllowHeaders = string.Join(", ", context.Request.Headers
            .GetCommaSeparatedValues(HeaderNames.AccessControlRequestHeaders).Where(IsHeaderName));
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.AccessControlRequestHeaders);
        context.Response.Headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static ProblemException Refusal(string detail) => new(StatusCodes.Status403Forbidden, "originNotAllowed", detail);

    private static bool IsHeaderName(string name) =>
        name.Length <= 256 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    // Not the scheme: behind a proxy that ends TLS the host does not know its own.
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && uri.Authority.Equals(host.ToUriComponent(), StringComparison.OrdinalIgnoreCase);

    private static async ValueTask<bool> IsAllowedAsync(HttpContext context, ICorsMetadata cors, string origin)
    {
        CorsPolicy? policy = cors switch
        {
            ICorsPolicyMetadata { Policy: var own } => own,
            IEnableCorsAttribute { PolicyName: var name } when context.RequestServices.GetService<ICorsPolicyProvider>() is { } policies =>
                await policies.GetPolicyAsync(context, name),
            _ => null,
        };
        return policy is not null && (policy.AllowAnyOrigin || policy.IsOriginAllowed(origin));
    }
}
