using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
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
            return DoorJson.Parse(body) as JsonObject ?? throw OpenAIException.Invalid("body", "send a JSON object.");
        }
        catch (JsonException)
        {
            throw OpenAIException.Invalid("body", "not valid JSON.");
        }
    }

    /// <summary>Answers with JSON.</summary>
    public static IResult Answer(JsonObject value) => TypedResults.Content(value.ToJsonString(Options), "application/json");
}
