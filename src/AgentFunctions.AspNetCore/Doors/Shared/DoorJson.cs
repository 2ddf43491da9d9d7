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
            return JsonNode.Parse(body.Span, null, Strict);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // How System.Text.Json reports a name that is broken Unicode.
            throw new JsonException("The body is not valid JSON.", e);
        }
    }

    /// <summary>Gets a time as JSON has it.</summary>
    /// <param name="at">The time.</param>
    public static string TimeOf(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
