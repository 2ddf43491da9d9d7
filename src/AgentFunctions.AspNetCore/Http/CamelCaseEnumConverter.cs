using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>
/// Writes an enum as the camel-cased name of its member, and reads exactly that. The framework's own converter would take
/// other letter case and lists of members too.
/// </summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CamelCaseEnumConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && CamelCase.TryRead(reader.GetString()!, out T member)
            ? member
            : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(CamelCase.Of(value));
}
