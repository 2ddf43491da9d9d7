using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>A dialogue that a client has opened. Its run has the same id, and begins with its first response.</summary>
/// <param name="Id">The id of the run.</param>
/// <param name="By">Who opened it.</param>
/// <param name="At">When (UTC).</param>
internal sealed record Conversation(string Id, string By, DateTimeOffset At)
{
    private const string Prefix = "conv_";

    /// <summary>Gets the client's own names for things.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Gets the items before the first response.</summary>
    public JsonElement? Items { get; init; }

    /// <summary>Gets the version that was read.</summary>
    [JsonIgnore]
    public string? Etag { get; init; }

    /// <summary>Gets the id that clients know it by.</summary>
    [JsonIgnore]
    public string Name => NameOf(Id);

    /// <summary>Gets the id that clients know the dialogue of a run by.</summary>
    public static string NameOf(string runId) => Prefix + runId;

    /// <summary>Reads the id that a client sends.</summary>
    /// <exception cref="OpenAIException">It is not of this form, so there is no such conversation.</exception>
    public static string Read(string name)
    {
        string id = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : "";
        return Views.RunReader.IsRunId(id) ? id : throw NotFound(name);
    }

    /// <summary>Makes the error of a conversation that does not exist, or is none of the caller's.</summary>
    public static OpenAIException NotFound(string name) => new(
        Microsoft.AspNetCore.Http.StatusCodes.Status404NotFound, "invalid_request_error", "conversation_not_found", null,
        $"There is no conversation '{name}'.");
}

/// <summary>Source-generated JSON of conversations.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Conversation))]
internal sealed partial class ConversationJsonContext : JsonSerializerContext;
