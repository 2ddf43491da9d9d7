using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Durability;

/// <summary>
/// A payload that is JSON already: an engine takes and gives it as it is, and nothing is written or read twice.
/// </summary>
/// <param name="Text">The JSON.</param>
[JsonConverter(typeof(WrittenJsonConverter))]
internal sealed record WrittenJson(string Text);

/// <summary>The same for engines that serialize payloads by themselves.</summary>
internal sealed class WrittenJsonConverter : JsonConverter<WrittenJson>
{
    public override WrittenJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return new WrittenJson(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, WrittenJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Text);
}
