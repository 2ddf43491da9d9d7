using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Mesh.Cards;

/// <summary>The canonical form of a card, which is what its signatures cover.</summary>
/// <remarks>RFC 8785 (JSON Canonicalization Scheme). <c>CanonicalJson</c> escapes more characters than it allows.</remarks>
internal static class CanonicalCard
{
    /// <summary>Writes a card without its signatures.</summary>
    /// <param name="card">The card.</param>
    public static byte[] Of(JsonObject card)
    {
        var text = new StringBuilder();
        Write(text, card.Where(static member => member.Key != "signatures"));
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Writes a value.</summary>
    /// <param name="value">The value.</param>
    public static string Text(JsonNode? value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                Write(text, (IEnumerable<KeyValuePair<string, JsonNode?>>)members);
                break;
            case JsonArray items:
                text.Append('[');
                foreach ((int index, JsonNode? item) in items.Index())
                {
                    text.Append(index == 0 ? "" : ",");
                    Write(text, item);
                }

                text.Append(']');
                break;
            default:
                text.Append(value.GetValueKind() switch
                {
                    JsonValueKind.String => Quote(value.GetValue<string>()),
                    JsonValueKind.Number => NumberOf(double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)),
                    _ => value.ToJsonString(),
                });
                break;
        }
    }

    private static void Write(StringBuilder text, IEnumerable<KeyValuePair<string, JsonNode?>> members)
    {
        text.Append('{');
        foreach ((int index, (string name, JsonNode? value)) in members.OrderBy(static one => one.Key, StringComparer.Ordinal)
            .Index())
        {
            text.Append(index == 0 ? "" : ",").Append(Quote(name)).Append(':');
            Write(text, value);
        }

        text.Append('}');
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\b' => quoted.Append("\\b"),
                '\t' => quoted.Append("\\t"),
                '\n' => quoted.Append("\\n"),
                '\f' => quoted.Append("\\f"),
                '\r' => quoted.Append("\\r"),
                < ' ' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>Writes a number as ECMAScript does.</summary>
    private static string NumberOf(double number)
    {
        if (number == 0)
        {
            return "0";
        }

        // The shortest digits that give the number back.
        string[] parts = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string all = parts[0].Replace(".", "", StringComparison.Ordinal);
        int before = parts[0].IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? dot : parts[0].Length;
        int exponent = parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        int point = before + exponent - (all.Length - all.TrimStart('0').Length);
        string digits = all.Trim('0');
        string sign = number < 0 ? "-" : "";
        return sign + (point switch
        {
            > 0 and <= 21 when digits.Length <= point => digits.PadRight(point, '0'),
            > 0 and <= 21 => $"{digits[..point]}.{digits[point..]}",
            > -6 and <= 0 => $"0.{new string('0', -point)}{digits}",
            _ => $"{digits[0]}{(digits.Length > 1 ? $".{digits[1..]}" : "")}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1)}",
        });
    }
}
