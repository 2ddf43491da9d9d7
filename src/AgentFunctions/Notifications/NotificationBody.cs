using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentFunctions.Notifications;

/// <summary>
/// Writes the one shape that every notification has: <c>{"type", "timestamp", "data"}</c>, as Standard Webhooks has it.
/// </summary>
/// <remarks>
/// The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
/// </remarks>
internal static class NotificationBody
{
    /// <summary>Writes a notification.</summary>
    /// <param name="type">What happened, as <c>group.event</c>.</param>
    /// <param name="timestamp">When it happened.</param>
    /// <param name="data">What is told of it, as JSON.</param>
    public static byte[] Of(string type, DateTimeOffset timestamp, ReadOnlySpan<byte> data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer,
            new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteString("timestamp", timestamp.UtcDateTime);
            writer.WritePropertyName("data");
            writer.WriteRawValue(data);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
