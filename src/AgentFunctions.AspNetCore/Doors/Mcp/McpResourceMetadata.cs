using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Tells clients of the Model Context Protocol whose tokens this host trusts (RFC 9728).</summary>
internal static class McpResourceMetadata
{
    private const string Address = "/.well-known/oauth-protected-resource";

    /// <summary>Maps the documents.</summary>
    public static void MapMcpResourceMetadata(this IEndpointRouteBuilder endpoints, string door)
    {
        foreach (string address in new[] { Address, Address + door })
        {
            endpoints.MapGet(address, http => WriteAsync(http, door))
                .WithMetadata(new RuntimeEndpoint(EndpointAccess.Public)).ExcludeFromDescription();
        }
    }

    /// <summary>Makes the challenge that names the document.</summary>
    public static ChallengeMetadata Challenge(string door) => new(http => OptionsOf(http).Oidc.Count == 0
        ? "Bearer"
        : $"Bearer resource_metadata=\"{HostAddress.Of(http)}{Address}{door}\", scope=\"{CallerRoles.Submitter}\"");

    private static Task WriteAsync(HttpContext http, string door)
    {
        ApiOptions options = OptionsOf(http);
        if (options.Oidc.Count == 0)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var document = new JsonObject
        {
            ["resource"] = HostAddress.Of(http) + door,
            ["authorization_servers"] = new JsonArray([.. options.Oidc.Select(static issuer => (JsonNode?)issuer.Issuer)]),
            ["bearer_methods_supported"] = new JsonArray("header"),
            ["scopes_supported"] =
                new JsonArray(CallerRoles.Submitter, CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Approver),
        };
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "max-age=300";
        return http.Response.WriteAsync(document.ToJsonString());
    }

    private static ApiOptions OptionsOf(HttpContext http) =>
        http.RequestServices.GetRequiredService<IOptions<ApiOptions>>().Value;
}
