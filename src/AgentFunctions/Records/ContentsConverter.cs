using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Records;

/// <summary>Writes messages, or parts of one, in the form that Microsoft.Extensions.AI itself defines.</summary>
/// <typeparam name="T">The type of the messages or parts.</typeparam>
internal sealed class ContentsConverter<T> : JsonConverter<IReadOnlyList<T>>
{
    public override IReadOnlyList<T>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (List<T>?)JsonSerializer.Deserialize(ref reader, ModelConventions.Json.GetTypeInfo(typeof(List<T>)));

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.ToList(), ModelConventions.Json.GetTypeInfo(typeof(List<T>)));
}
