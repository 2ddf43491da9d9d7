using System.Text.Json;

namespace AgentFunctions.Core;

/// <summary>Writes JSON again, with some of it in another form.</summary>
internal static class JsonCopy
{
    /// <summary>Writes a value.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="value">The value.</param>
    /// <param name="order">The order of the members of objects.</param>
    /// <param name="replace">Writes a value in another form; returns <see langword="false"/> for one that stays.</param>
    public static void Write(
        Utf8JsonWriter writer, JsonElement value, Func<JsonElement.ObjectEnumerator, IEnumerable<JsonProperty>> order,
        Func<Utf8JsonWriter, JsonElement, bool> replace)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in order(value.EnumerateObject()))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, order, replace);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(writer, item, order, replace);
                }

                writer.WriteEndArray();
                break;
            default:
                if (!replace(writer, value))
                {
                    value.WriteTo(writer);
                }

                break;
        }
    }
}
