using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;

namespace AgentFunctions.Mcp;

/// <summary>Represents that a server is alive and said no to a request.</summary>
internal sealed class McpRefusalException(int? code, string message, Exception cause) : Exception(message, cause)
{
    private const int InvalidParams = -32602;
    private const int MethodNotFound = -32601;

    /// <summary>Gets the code of JSON-RPC; <see langword="null"/> if the server gave none.</summary>
    public int? Code { get; } = code;

    /// <summary>
    /// Gets whether the server says by it that it has no such task: it does not know the id, or no tasks at all.
    /// </summary>
    public bool IsOfUnknownTask => Code is InvalidParams or MethodNotFound;

    /// <summary>
    /// Gets the code of JSON-RPC that a failure carries; <see langword="null"/> for none. Some come as JSON within the words of
    /// an HTTP status.
    /// </summary>
    /// <param name="failure">The failure.</param>
    public static int? CodeIn(Exception failure) => failure switch
    {
        McpProtocolException known => (int)known.ErrorCode,
        HttpRequestException => CodeIn(failure.Message),
        _ => null,
    };

    private static int? CodeIn(string message)
    {
        int at = message.IndexOf('{', StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        try
        {
            // A gateway in front of the server has errors with codes too, and knows nothing of the call.
            return JsonNode.Parse(message[at..]) is JsonObject answer && answer.ContainsKey("jsonrpc")
                && answer["error"] is JsonObject error && error["code"] is JsonValue value && value.TryGetValue(out int code) ? code : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
