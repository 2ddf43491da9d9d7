using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>
/// What a browser must not do with the dashboard: run code that is not the library's own, make elements of text, talk to others
/// than this host and the issuers at which people sign in.
/// </summary>
internal sealed class DashboardHeaders(IOptions<ApiOptions> options)
{
    private readonly string _policy = string.Join("; ",
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        $"connect-src {string.Join(' ', Connections(options.Value))}",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'");

    public void AddTo(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = _policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.XContentTypeOptions = "nosniff";
    }

    private static IEnumerable<string> Connections(ApiOptions options) =>
    [
        "'self'",
        .. options.Oidc.Where(static issuer => issuer.DashboardClientId is not null && issuer.Issuer is not null)
            .Select(static issuer => new Uri(issuer.Issuer!).GetLeftPart(UriPartial.Authority))
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];
}
