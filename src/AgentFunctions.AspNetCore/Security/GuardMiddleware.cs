using System.Net;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Who may call: programs on this machine, and holders of the key. Pages in a browser on this machine may not, whether they
/// post across sites or give their own host name the address of this machine (DNS rebinding).
/// </summary>
internal sealed class GuardMiddleware(RequestDelegate next, IOptions<ApiOptions> options)
{
    private readonly ApiOptions _options = options.Value;
    private readonly byte[]? _keyHash = options.Value.Key is { } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache";
        DemandHost(context);
        DemandSameOrigin(context.Request);
        DemandKey(context);
        return next(context);
    }

    private void DemandHost(HttpContext context)
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
        else if (_keyHash is null)
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

    private void DemandKey(HttpContext context)
    {
        // Probes carry no credentials, and learn nothing but whether the host is up.
        if (_keyHash is null || context.Request.Path.StartsWithSegments("/health"))
        {
            return;
        }

        const string scheme = "Bearer ";
        string header = context.Request.Headers.Authorization.ToString();
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(
            header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : ""));
        if (!CryptographicOperations.FixedTimeEquals(given, _keyHash))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new ProblemException(
                StatusCodes.Status401Unauthorized, "unauthorized", "Send the host's API key as Authorization: Bearer.");
        }
    }

    /// <summary>Whether the call came in on an address of this machine alone; without an address it is in-process.</summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.LocalIpAddress is not { } ip || IPAddress.IsLoopback(ip);
}
