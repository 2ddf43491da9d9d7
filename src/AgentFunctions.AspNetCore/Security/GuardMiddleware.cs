using System.Net;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Who may call: programs on this machine, and callers that it recognises. Pages in a browser on this machine may not, whether they
/// post across sites or give their own host name the address of this machine (DNS rebinding).
/// </summary>
internal sealed class GuardMiddleware(RequestDelegate next, IOptions<ApiOptions> options, CallerAuthentication callers, RequestRate rate)
{
    private readonly ApiOptions _options = options.Value;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache";
        await DemandHostAsync(context);
        DemandSameOrigin(context.Request);
        await RecogniseAsync(context);
        await next(context);
    }

    private async Task DemandHostAsync(HttpContext context)
    {
        if (IsLocal(context))
        {
            string host = context.Request.Host.Host;
            if (!ListenCheck.IsLocalHost(host) && !_options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
            {
                throw new ProblemException(
                    StatusCodes.Status403Forbidden, "hostNotAllowed",
                    "The header Host names neither this machine nor a host of Api:Hosts; a reverse proxy's name belongs there.");
            }
        }
        else if (!await callers.IsRequiredAsync(context.RequestAborted))
        {
            // Addresses given in code are not known before the server starts, so the start cannot refuse them.
            throw new ProblemException(
                StatusCodes.Status403Forbidden, "forbidden", "This host has no API key, so it serves callers on its own machine only.");
        }
    }

    private static void DemandSameOrigin(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return;
        }

        string? origin = request.Headers.Origin;
        bool isForeign = origin is not null
            && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
                && uri.Authority.Equals(request.Host.ToUriComponent(), StringComparison.OrdinalIgnoreCase));
        if (isForeign || request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"])
        {
            throw new ProblemException(
                StatusCodes.Status403Forbidden, "originNotAllowed", "Pages of another origin may not change anything here.");
        }
    }

    private async Task RecogniseAsync(HttpContext context)
    {
        // Probes carry no credentials, and learn nothing but whether the host is up.
        if (context.Request.Path.StartsWithSegments("/health"))
        {
            return;
        }

        Caller? caller = await callers.RecogniseAsync(context);
        rate.Demand(context, caller);
        if (caller is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new ProblemException(
                StatusCodes.Status401Unauthorized, "unauthorized", "Send an API key of this host, or a token of an issuer that it trusts, as Authorization: Bearer.");
        }

        context.Features.Set(caller);
    }

    /// <summary>Whether the call came in on an address of this machine alone; without an address it is in-process.</summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.LocalIpAddress is not { } ip || IPAddress.IsLoopback(ip);
}
