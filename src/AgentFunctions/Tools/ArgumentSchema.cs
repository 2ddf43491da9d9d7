using System.Globalization;
using System.Text.Json;

namespace AgentFunctions.Tools;

/// <summary>Checks JSON against the basics of a schema: types, required members, enumerations. What else a schema says is left to the tool.</summary>
internal static class ArgumentSchema
{
    private const int MaxDepth = 32;

    /// <summary>Whether a member may be null.</summary>
    /// <param name="schema">The schema of the object.</param>
    /// <param name="name">The member.</param>
    public static bool AllowsNull(JsonElement schema, string name) =>
        Member(schema, "properties") is not { } properties
        || Member(properties, name) is not { } property
        || Types(property) is not { } types
        || types.Contains("null");

    /// <summary>The first thing that is wrong, with the field's name; <see langword="null"/> when all is well.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="value">The value.</param>
    /// <param name="field">The value's name; empty for the whole.</param>
    /// <param name="depth">How deep the value is nested.</param>
    public static string? FirstComplaint(JsonElement schema, JsonElement value, string field, int depth = 0)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            return null;
        }

        if (Types(schema) is { Count: > 0 } types && !types.Any(type => IsOfType(value, type)))
        {
            return $"{Name(field)}: must be {string.Join(" or ", types)}, not {Describe(value)}.";
        }

        if (Member(schema, "enum") is { ValueKind: JsonValueKind.Array } values && !values.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)))
        {
            return $"{Name(field)}: must be one of {string.Join(", ", values.EnumerateArray())}.";
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => Members(schema, value, field, depth),
            JsonValueKind.Array when Member(schema, "items") is { } items => value.EnumerateArray()
                .Select((item, i) => FirstComplaint(items, item, string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]"), depth + 1))
                .FirstOrDefault(static complaint => complaint is not null),
            _ => null,
        };
    }

    private static string? Members(JsonElement schema, JsonElement value, string field, int depth)
    {
        if (Member(schema, "required") is { ValueKind: JsonValueKind.Array } required)
        {
            foreach (string name in required.EnumerateArray().Select(static r => r.ToString()))
            {
                if (!value.TryGetProperty(name, out _))
                {
                    return $"{Path(field, name)}: is missing.";
                }
            }
        }

        JsonElement? properties = Member(schema, "properties");
        bool closed = Member(schema, "additionalProperties") is { ValueKind: JsonValueKind.False };
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (properties is { } known && Member(known, member.Name) is { } property)
            {
                if (FirstComplaint(property, member.Value, Path(field, member.Name), depth + 1) is { } complaint)
                {
                    return complaint;
                }
            }
            else if (closed)
            {
                return $"{Path(field, member.Name)}: there is no such argument.";
            }
        }

        return null;
    }

    private static List<string>? Types(JsonElement schema) => Member(schema, "type") switch
    {
        { ValueKind: JsonValueKind.String } type => [type.GetString()!],
        { ValueKind: JsonValueKind.Array } types => [.. types.EnumerateArray().Select(static t => t.ToString())],
        _ => null,
    };

    // Numbers in quotes pass, since models write them and the serializer reads them.
    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number
            ? value.TryGetInt64(out _) || value.TryGetUInt64(out _)
            : value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        "number" => value.ValueKind == JsonValueKind.Number
            || (value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _)),
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => $"the number {value.GetRawText()}",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private static JsonElement? Member(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member) ? member : null;

    private static string Name(string field) => field.Length == 0 ? "arguments" : field;

    private static string Path(string field, string name) => field.Length == 0 ? name : $"{field}.{name}";
}
