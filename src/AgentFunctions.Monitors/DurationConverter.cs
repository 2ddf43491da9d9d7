using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Monitors;

/// <summary>Durations as ISO 8601 (<c>PT5M</c>); read also as a number with a unit (<c>5m</c>).</summary>
internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && DurationText.TryParse(reader.GetString()!, out TimeSpan duration)
            ? duration
            : throw new JsonException("use a duration such as PT5M, 90s, 5m, 2h or 1d");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(XmlConvert.ToString(value));
}
