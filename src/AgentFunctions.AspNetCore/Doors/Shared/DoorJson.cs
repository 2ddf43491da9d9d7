using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>JSON as every door reads and writes it.</summary>
internal static class DoorJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <exception cref="JsonException">It is not JSON, is nested too deeply, or has a member twice.</exception>
    public static JsonNode? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var read = JsonNode.Parse(body.Span, null, Strict);
            EnsureTexts(read);
            return read;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // How System.Text.Json reports a name or a text that is broken Unicode.
            throw new JsonException("The body is not valid JSON.", e);
        }
    }

    /// <summary>Reads an object; <see langword="null"/> if it is missing.</summary>
    /// <param name="value">The value.</param>
    /// <param name="field">What the error calls it.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is something else.</exception>
    public static JsonObject? Object(JsonNode? value, string field) => value switch
    {
        null => null,
        JsonObject read => read,
        _ => throw Invalid(field, "send an object."),
    };

    /// <summary>Reads a list; <see langword="null"/> if it is missing.</summary>
    /// <inheritdoc cref="Object" path="/param|/exception"/>
    public static JsonArray? List(JsonNode? value, string field) => value switch
    {
        null => null,
        JsonArray read => read,
        _ => throw Invalid(field, "send a list."),
    };

    /// <summary>Reads a list of objects; an empty one if it is missing.</summary>
    /// <inheritdoc cref="Object" path="/param|/exception"/>
    public static IReadOnlyList<JsonObject> Objects(JsonNode? value, string field) =>
    [
        .. (List(value, field) ?? []).Select((one, index) =>
            one as JsonObject ?? throw Invalid($"{field}[{index}]", "send an object.")),
    ];

    /// <summary>Reads a text; <see langword="null"/> if it is missing.</summary>
    /// <inheritdoc cref="Object" path="/param|/exception"/>
    public static string? Text(JsonNode? value, string field) => value switch
    {
        null => null,
        JsonValue one when one.TryGetValue(out string? text) => text,
        _ => throw Invalid(field, "send text."),
    };

    /// <summary>Reads true or false; false if it is missing.</summary>
    /// <inheritdoc cref="Object" path="/param|/exception"/>
    public static bool Flag(JsonNode? value, string field) => value switch
    {
        null => false,
        JsonValue one when one.TryGetValue(out bool flag) => flag,
        _ => throw Invalid(field, "send true or false."),
    };

    private static AgentException Invalid(string field, string remedy) => new(ErrorCode.InvalidInput, $"{field}: {remedy}");

    /// <summary>Texts are read when they are asked for, where half a surrogate pair would be no fault of the client's.</summary>
    private static void EnsureTexts(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((_, JsonNode? member) in members)
                {
                    EnsureTexts(member);
                }

                break;
            case JsonArray entries:
                foreach (JsonNode? entry in entries)
                {
                    EnsureTexts(entry);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }

    /// <summary>Gets a time as JSON has it.</summary>
    /// <param name="at">The time.</param>
    public static string TimeOf(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
