using System.Buffers;
using System.Text.Json;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// JSON that a model or a caller made up, for people to read: nothing parses it back, so names and numbers are masked too.
/// </summary>
internal static class FreeJson
{
    public static JsonElement Write(JsonElement value, Redactor redactor)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer,
            new JsonWriterOptions { Encoder = Durability.DurableJson.Options.Encoder }))
        {
            Write(writer, value, redactor);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, Redactor redactor)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    writer.WritePropertyName(redactor.Redact(member.Name));
                    Write(writer, member.Value, redactor);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(writer, item, redactor);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(redactor.Redact(value.GetString()));
                break;
            case JsonValueKind.Number when redactor.Redact(value.GetRawText()) is var shown && shown != value.GetRawText():
                writer.WriteStringValue(shown);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
