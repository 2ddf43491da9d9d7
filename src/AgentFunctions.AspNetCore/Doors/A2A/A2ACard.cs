using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Mesh;
using AgentFunctions.Mesh.Cards;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>
/// The card of an agent, by which others find and call it. It has nothing that is empty, so its canonical form is one.
/// </summary>
internal static class A2ACard
{
    /// <summary>Where the public keys of cards are.</summary>
    public const string KeySet = "/.well-known/a2a-keys.json";

    /// <summary>Where clients that know no agent's name look for a card.</summary>
    public const string Default = "/.well-known/agent-card.json";

    /// <summary>Makes the card.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="http">The request, whose host is the card's if none is configured.</param>
    public static JsonObject Of(AgentDefinition agent, HttpContext http)
    {
        ApiOptions options = http.RequestServices.GetRequiredService<IOptions<ApiOptions>>().Value;
        string url = $"{HostAddress.Of(http)}/a2a/{agent.Name}";
        // Masked here, since what is masked later is no longer what was signed.
        string what = agent.Description.Length > 0
            ? http.RequestServices.GetRequiredService<Redactor>().Redact(agent.Description)!
            : $"The agent '{agent.Name}'.";
        var schemes = new JsonObject
        {
            ["bearer"] = new JsonObject { ["httpAuthSecurityScheme"] = new JsonObject { ["scheme"] = "Bearer" } },
        };
        var requirements = new JsonArray(Requirement("bearer"));
        foreach ((int index, OidcOptions issuer) in options.Oidc.Index())
        {
            string name = $"oidc{index}";
            schemes[name] = new JsonObject
            {
                ["openIdConnectSecurityScheme"] = new JsonObject
                {
                    ["openIdConnectUrl"] = $"{issuer.Issuer!.TrimEnd('/')}/.well-known/openid-configuration",
                },
            };
            requirements.Add(Requirement(name));
        }

        return new JsonObject
        {
            ["name"] = agent.Name,
            ["description"] = what,
            ["supportedInterfaces"] = new JsonArray(Interface(url, "JSONRPC"), Interface(url, "HTTP+JSON")),
            ["version"] = typeof(A2ACard).Assembly.GetName().Version?.ToString(3) ?? "0",
            ["capabilities"] = new JsonObject
            {
                ["streaming"] = true,
                ["pushNotifications"] = true,
                ["extendedAgentCard"] = true,
                ["extensions"] = new JsonArray(
                    Extension(MeshOrigin.Extension, "A message may say which hosts it came through and what it may cost."),
                    Extension("urn:agentfunctions:idempotent-send:v1", "A message is taken once, however often it is sent.")),
            },
            ["securitySchemes"] = schemes,
            ["securityRequirements"] = requirements,
            ["defaultInputModes"] = new JsonArray("text/plain", "application/json", "application/octet-stream"),
            ["defaultOutputModes"] = new JsonArray("text/plain", "application/octet-stream"),
            ["skills"] = new JsonArray(new JsonObject
            {
                ["id"] = agent.Name,
                ["name"] = agent.Name,
                ["description"] = what,
                ["tags"] = new JsonArray("agent"),
            }),
        };
    }

    /// <summary>Makes the card and signs it.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="http">The request.</param>
    public static async Task<JsonObject> SignedAsync(AgentDefinition agent, HttpContext http)
    {
        JsonObject card = Of(agent, http);
        await http.RequestServices.GetRequiredService<CardKeys>()
            .SignAsync(card, $"{HostAddress.Of(http)}{KeySet}", http.RequestAborted);
        return card;
    }

    /// <summary>Answers with the card, which clients may keep for a while.</summary>
    public static async Task<IResult> AnswerAsync(HttpContext http, AgentDefinition agent)
    {
        // Of the card without its signature, which is another one each time.
        byte[] unsigned = Encoding.UTF8.GetBytes(Of(agent, http).ToJsonString());
        string etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(unsigned))}\"";
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "max-age=300";
        return http.Request.Headers.IfNoneMatch == etag
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Content((await SignedAsync(agent, http)).ToJsonString(), "application/json");
    }

    private static JsonObject Extension(string uri, string words) => new() { ["uri"] = uri, ["description"] = words };

    private static JsonObject Interface(string url, string binding) => new()
    {
        ["url"] = url,
        ["protocolBinding"] = binding,
        ["protocolVersion"] = "1.0",
    };

    private static JsonObject Requirement(string scheme) => new()
    {
        ["schemes"] = new JsonObject
        {
            [scheme] = new JsonObject { ["list"] = new JsonArray(CallerRoles.Submitter) },
        },
    };
}
