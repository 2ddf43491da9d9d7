using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>The address by which clients reach this host.</summary>
internal static class HostAddress
{
    /// <summary>Gets what is configured, or else the address that the request came to.</summary>
    /// <param name="http">The request.</param>
    public static string Of(HttpContext http) =>
        http.RequestServices.GetRequiredService<IOptions<ApiOptions>>().Value.PublicUrl?.TrimEnd('/')
        ?? $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}";
}
