using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using AgentFunctions.Core.Text;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>Reads JSON members that may be missing, null or of another type than the protocol says.</summary>
internal static class WireJson
{
    private const int MaxDepth = 128;

    /// <summary>Gets a member; <see langword="null"/> if it is missing or null.</summary>
    /// <param name="value">The object; anything else has no members.</param>
    /// <param name="name">The name.</param>
    public static JsonElement? Member(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member)
        && member.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? member
            : null;

    /// <summary>Gets a member's text; <see langword="null"/> if it is no text.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The name.</param>
    public static string? Text(this JsonElement value, string name) => value.Member(name)?.AsText();

    /// <summary>
    /// Gets a text, with halves of surrogate pairs as they came; <see langword="null"/> if the value is no text.
    /// </summary>
    /// <param name="value">The value.</param>
    public static string? AsText(this JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which may find its other half in the next chunk.
            return Unescape(value.GetRawText().AsSpan()[1..^1]);
        }
    }

    /// <summary>Gets a whole number, also one written as 5.0 or in quotes; <see langword="null"/> if it is none.</summary>
    /// <param name="value">The value.</param>
    public static long? AsWhole(this JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number when value.TryGetDouble(out double number) && Math.Abs(number) < 1e15
            && Math.Floor(number) == number => (long)number,
        JsonValueKind.String when long.TryParse(
            value.AsText(), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture,
            out long written) => written,
        _ => null,
    };

    /// <summary>Parses all JSON values of some bytes: a chunk has one, but some endpoints send several in a row.</summary>
    /// <param name="data">The bytes.</param>
    /// <exception cref="JsonException">They are no JSON.</exception>
    public static List<JsonElement> Parse(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith("\uFEFF"u8))
        {
            data = data[3..];
        }

        if (!Utf8.IsValid(data))
        {
            data = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(data));
        }

        var reader = new Utf8JsonReader(data, new JsonReaderOptions
        {
            AllowMultipleValues = true,
            AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip,
            MaxDepth = MaxDepth,
        });
        List<JsonElement> values = [];
        while (reader.Read())
        {
            values.Add(JsonElement.ParseValue(ref reader));
        }

        return values;
    }

    private static string Unescape(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
            }
            else if (Surrogates.Escape(raw, i) is { } unit)
            {
                text.Append(unit);
                i += 5;
            }
            else
            {
                i++;
                text.Append(raw[i] switch
                {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\b',
                    'f' => '\f',
                    char other => other
                });
            }
        }

        return text.ToString();
    }
}
