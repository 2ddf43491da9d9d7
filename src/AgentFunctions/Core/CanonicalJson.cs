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
        JsonScratch scratch = JsonScratch.Begin();
        Utf8JsonWriter writer = scratch.Writer(null);
        JsonCopy.Write(writer, value, static members => members.OrderBy(static member => member.Name, StringComparer.Ordinal),
            WriteNull);
        writer.Flush();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(scratch.From(0).Span, hash);
        return Convert.ToHexStringLower(hash);
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
