using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace AgentFunctions.Core;

/// <summary>JSON in one form only, so that equal content has an equal hash: members sorted ordinally, no white space.</summary>
internal static class CanonicalJson
{
    /// <summary>The SHA-256 of a value's canonical form, as 64 lower-case hexadecimal digits.</summary>
    /// <param name="value">The value.</param>
    public static string Hash(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            JsonCopy.Write(writer, value, static members => members.OrderBy(static member => member.Name, StringComparer.Ordinal),
                WriteNull);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static bool WriteNull(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Undefined)
        {
            return false;
        }

        writer.WriteNullValue();
        return true;
    }
}
