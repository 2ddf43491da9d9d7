using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.TestKit;

/// <summary>Requests of the Model Context Protocol, as a client of 2026-07-28 puts them on the wire.</summary>
public static class McpMessage
{
    private const string Version = "2026-07-28";
    private const string Tasks = "io.modelcontextprotocol/tasks";

    /// <summary>Sends a request to <c>/mcp</c>, and reads the answer.</summary>
    /// <param name="http">The client of the server.</param>
    /// <param name="method">The method.</param>
    /// <param name="name">What the header <c>Mcp-Name</c> says: the tool or the task.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="knowsTasks">Whether the client declares the extension for tasks.</param>
    /// <param name="key">The key of the caller; <see langword="null"/> for none.</param>
    /// <returns>The message with the result or the error.</returns>
    public static async Task<JsonElement> SendAsync(
        HttpClient http, string method, string name, object parameters, CancellationToken cancellationToken,
        bool knowsTasks = false, string? key = null)
    {
        using HttpRequestMessage request = Make(method, name, parameters, knowsTasks, key);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{method} {name} was answered with {(int)response.StatusCode}: {text}");
        }

        return JsonElement.Parse(text.StartsWith('{') ? text : LastEvent(text));
    }

    /// <summary>Makes a request to <c>/mcp</c>.</summary>
    /// <param name="method">The method.</param>
    /// <param name="name">What the header <c>Mcp-Name</c> says: the tool or the task.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="knowsTasks">Whether the client declares the extension for tasks.</param>
    /// <param name="key">The key of the caller; <see langword="null"/> for none.</param>
    public static HttpRequestMessage Make(
        string method, string name, object parameters, bool knowsTasks = false, string? key = null)
    {
        var content = (JsonObject)JsonSerializer.SerializeToNode(parameters)!;
        content["_meta"] = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = Version,
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
            ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject
            {
                ["extensions"] = knowsTasks ? new JsonObject { [Tasks] = new JsonObject() } : new JsonObject(),
            },
        };
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = content };
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", Version);
        request.Headers.Add("Mcp-Method", method);
        request.Headers.Add("Mcp-Name", name);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return request;
    }

    /// <summary>The answer stands in the last event of a stream; those before are notifications.</summary>
    private static string LastEvent(string stream) =>
        stream.Split('\n').Last(static line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..];
}
