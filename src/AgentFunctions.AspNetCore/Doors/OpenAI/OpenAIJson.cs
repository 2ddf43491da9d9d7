using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Reads and writes JSON of this door.</summary>
internal static class OpenAIJson
{
    /// <summary>Gets how JSON is written.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a body.</summary>
    /// <exception cref="OpenAIException">It is not a JSON object.</exception>
    public static async Task<JsonObject> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> body = await request.ReadJsonBytesAsync(cancellationToken);
        try
        {
            return JsonNode.Parse(body.Span, null, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false })
                as JsonObject ?? throw OpenAIException.Invalid("body", "send a JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw OpenAIException.Invalid("body", "not valid JSON.");
        }
    }

    /// <summary>Answers with JSON.</summary>
    public static IResult Answer(JsonObject value) => TypedResults.Content(value.ToJsonString(Options), "application/json");
}
