using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>
/// Turns requests away that name a version which nobody knows. The SDK would do so too, but its error names the versions that begin
/// with <c>initialize</c> as well, which <c>server/discover</c> does not: a client is to find the same list in both.
/// </summary>
internal static class McpVersions
{
    /// <summary>The version whose requests stand by themselves.</summary>
    private const string Discovered = "2026-07-28";

    private const string Header = "MCP-Protocol-Version";

    /// <summary>The code of the error <c>UnsupportedProtocolVersion</c>.</summary>
    private const int Unsupported = -32022;

    private static readonly HashSet<string> Known = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", Discovered];

    /// <summary>Answers a request that names an unknown version.</summary>
    /// <param name="http">The request.</param>
    /// <returns>Whether it was answered.</returns>
    public static async Task<bool> RefuseUnknownAsync(HttpContext http)
    {
        string version = http.Request.Headers[Header].ToString();
        if (!HttpMethods.IsPost(http.Request.Method) || version.Length == 0 || Known.Contains(version))
        {
            return false;
        }

        var refusal = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = await IdAsync(http),
            ["error"] = new JsonObject
            {
                ["code"] = Unsupported,
                ["message"] = $"The protocol version is not supported; use {Discovered}, or begin with initialize.",
                ["data"] = new JsonObject { ["supported"] = new JsonArray(Discovered), ["requested"] = version },
            },
        };
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(refusal.ToJsonString(), http.RequestAborted);
        return true;
    }

    /// <summary>Gets the id of a request; <see langword="null"/> if its body has none that can be read.</summary>
    private static async Task<JsonNode?> IdAsync(HttpContext http)
    {
        try
        {
            ReadOnlyMemory<byte> body = await http.Request.ReadJsonBytesAsync(http.RequestAborted);
            return JsonNode.Parse(body.Span) is JsonObject request && request["id"] is JsonValue id ? id.DeepClone() : null;
        }
        catch (Exception e) when (e is AgentException or System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
