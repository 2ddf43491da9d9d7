using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Tools;

/// <summary>
/// Checks a value against the part of JSON Schema that tools use: <c>type</c>, <c>enum</c>, <c>const</c>, <c>required</c>,
/// <c>properties</c>, <c>additionalProperties</c>, <c>items</c>, the limits of numbers, texts and lists, <c>pattern</c>,
/// <c>anyOf</c>, <c>oneOf</c>, <c>allOf</c>, <c>not</c>, and <c>$ref</c> within the schema.
/// </summary>
/// <remarks>
/// What it does not know it lets pass: the tool's own server has the last word. Each complaint names the place as the model
/// wrote it (<c>edits[0].oldText</c>) and what would be right.
/// </remarks>
internal sealed class JsonSchemaCheck
{
    private const int MaxComplaints = 10;
    private const int MaxDepth = 64;

    /// <summary>A schema of a few lines can stand for any amount of work; what passes this is left to the server.</summary>
    private const int MaxSteps = 20_000;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(100);

    private readonly JsonElement _root;
    private readonly List<string> _complaints = [];
    private readonly StepCount _steps;

    private JsonSchemaCheck(JsonElement root, StepCount steps) => (_root, _steps) = (root, steps);

    /// <summary>What is wrong with a value; empty when all is well.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="value">The value.</param>
    public static IReadOnlyList<string> Complaints(JsonElement schema, JsonElement value)
    {
        var check = new JsonSchemaCheck(schema, new StepCount());
        check.Check(schema, value, "", 0);
        return check._complaints;
    }

    private void Check(JsonElement schema, JsonElement value, string path, int depth)
    {
        if (_complaints.Count >= MaxComplaints || depth > MaxDepth || ++_steps.Taken > MaxSteps)
        {
            return;
        }

        if (schema.ValueKind == JsonValueKind.False)
        {
            Complain(path, "is not allowed");
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference) && Resolve(reference) is { } target)
        {
            Check(target, value, path, depth + 1);
        }

        if (!HasType(schema, value, path))
        {
            return;
        }

        CheckChoice(schema, value, path);
        CheckCombinations(schema, value, path, depth);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                CheckObject(schema, value, path, depth);
                break;
            case JsonValueKind.Array:
                CheckArray(schema, value, path, depth);
                break;
            case JsonValueKind.String:
                CheckText(schema, value.GetString()!, path);
                break;
            case JsonValueKind.Number:
                CheckNumber(schema, value.GetDouble(), path);
                break;
        }
    }

    private bool HasType(JsonElement schema, JsonElement value, string path)
    {
        if (!schema.TryGetProperty("type", out JsonElement type)
            || (schema.TryGetProperty("nullable", out JsonElement nullable)
                && nullable.ValueKind == JsonValueKind.True && value.ValueKind == JsonValueKind.Null))
        {
            return true;
        }

        string[] wanted = type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString()!],
            JsonValueKind.Array => [.. type.EnumerateArray().Select(static t => t.ToString())],
            _ => [],
        };
        if (wanted.Length == 0 || wanted.Any(name => IsOf(name, value)))
        {
            return true;
        }

        Complain(path, $"must be {string.Join(" or ", wanted.Select(Article))}, not {Article(NameOf(value))}");
        return false;
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || double.IsInteger(value.GetDouble())),
        "string" or "number" or "boolean" or "object" or "array" or "null" => NameOf(value) == type,
        _ => true,
    };

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        _ => "null",
    };

    private static string Article(string type) => type switch
    {
        "integer" or "object" or "array" => $"an {type}",
        "null" => type,
        _ => $"a {type}",
    };

    private void CheckChoice(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("enum", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array
            && !choices.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)))
        {
            Complain(path, $"must be one of {string.Join(", ", choices.EnumerateArray().Take(20).Select(static c => c.GetRawText()))}");
        }

        if (schema.TryGetProperty("const", out JsonElement only) && !JsonElement.DeepEquals(only, value))
        {
            Complain(path, $"must be {only.GetRawText()}");
        }
    }

    private void CheckCombinations(JsonElement schema, JsonElement value, string path, int depth)
    {
        foreach (JsonElement part in Each(schema, "allOf"))
        {
            Check(part, value, path, depth + 1);
        }

        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            JsonElement[] forms = [.. Each(schema, keyword)];
            int fitting = forms.Count(form => Fits(form, value, depth));
            if (forms.Length > 0 && fitting == 0)
            {
                Complain(path, $"has none of the {forms.Length} forms that the schema allows ({keyword})");
            }
            else if (keyword == "oneOf" && fitting > 1)
            {
                Complain(path, $"has {fitting} of the forms that the schema allows, and must have exactly one (oneOf)");
            }
        }

        if (schema.TryGetProperty("not", out JsonElement not) && Fits(not, value, depth))
        {
            Complain(path, "has a form that the schema excludes (not)");
        }
    }

    private bool Fits(JsonElement schema, JsonElement value, int depth)
    {
        var check = new JsonSchemaCheck(_root, _steps);
        check.Check(schema, value, "", depth + 1);
        return check._complaints.Count == 0;
    }

    private void CheckObject(JsonElement schema, JsonElement value, string path, int depth)
    {
        foreach (JsonElement name in Each(schema, "required"))
        {
            if (name.ValueKind == JsonValueKind.String && !value.TryGetProperty(name.GetString()!, out _))
            {
                Complain(Join(path, name.GetString()!), "is required");
            }
        }

        bool hasProperties = schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object;
        bool hasPatterns = schema.TryGetProperty("patternProperties", out _);
        bool hasOthers = schema.TryGetProperty("additionalProperties", out JsonElement others);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string place = Join(path, member.Name);
            if (hasProperties && properties.TryGetProperty(member.Name, out JsonElement property))
            {
                Check(property, member.Value, place, depth + 1);
            }
            else if (hasOthers && !hasPatterns && others.ValueKind == JsonValueKind.False)
            {
                string known = hasProperties ? string.Join(", ", properties.EnumerateObject().Select(static p => p.Name)) : "";
                Complain(place, known.Length == 0 ? "is not known; leave it out" : $"is not known; use {known}");
            }
            else if (hasOthers && !hasPatterns)
            {
                Check(others, member.Value, place, depth + 1);
            }
        }
    }

    private void CheckArray(JsonElement schema, JsonElement value, string path, int depth)
    {
        int length = value.GetArrayLength();
        CheckLeast(schema, "minItems", length, path, "items");
        CheckMost(schema, "maxItems", length, path, "items");
        if (schema.TryGetProperty("items", out JsonElement items))
        {
            int index = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                Check(items, item, $"{path}[{(index++).ToString(CultureInfo.InvariantCulture)}]", depth + 1);
            }
        }
    }

    private void CheckText(JsonElement schema, string text, string path)
    {
        int length = text.EnumerateRunes().Count();
        CheckLeast(schema, "minLength", length, path, "characters");
        CheckMost(schema, "maxLength", length, path, "characters");
        if (schema.TryGetProperty("pattern", out JsonElement pattern) && pattern.ValueKind == JsonValueKind.String
            && !Matches(pattern.GetString()!, text))
        {
            Complain(path, $"must match the pattern {pattern.GetString()}");
        }
    }

    /// <summary>A pattern that is broken here, or takes too long, is left to the server.</summary>
    private static bool Matches(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return true;
        }
    }

    private void CheckNumber(JsonElement schema, double number, string path)
    {
        CheckLeast(schema, "minimum", number, path, null);
        CheckMost(schema, "maximum", number, path, null);
        if (Limit(schema, "exclusiveMinimum") is { } above && number <= above)
        {
            Complain(path, $"must be more than {Text(above)}");
        }

        if (Limit(schema, "exclusiveMaximum") is { } below && number >= below)
        {
            Complain(path, $"must be less than {Text(below)}");
        }

        if (Limit(schema, "multipleOf") is { } step and > 0 && !double.IsInteger(Math.Round(number / step, 9)))
        {
            Complain(path, $"must be a multiple of {Text(step)}");
        }
    }

    private void CheckLeast(JsonElement schema, string keyword, double actual, string path, string? unit)
    {
        if (Limit(schema, keyword) is { } least && actual < least)
        {
            Complain(path, unit is null ? $"must be at least {Text(least)}" : $"must have at least {Text(least)} {unit}, not {Text(actual)}");
        }
    }

    private void CheckMost(JsonElement schema, string keyword, double actual, string path, string? unit)
    {
        if (Limit(schema, keyword) is { } most && actual > most)
        {
            Complain(path, unit is null ? $"must be at most {Text(most)}" : $"must have at most {Text(most)} {unit}, not {Text(actual)}");
        }
    }

    private static double? Limit(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement limit) && limit.ValueKind == JsonValueKind.Number ? limit.GetDouble() : null;

    private static IEnumerable<JsonElement> Each(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private JsonElement? Resolve(JsonElement reference)
    {
        if (reference.ValueKind != JsonValueKind.String || reference.GetString() is not { } pointer || !pointer.StartsWith('#'))
        {
            return null;
        }

        JsonElement place = _root;
        foreach (string part in pointer[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (place.ValueKind != JsonValueKind.Object || !place.TryGetProperty(name, out place))
            {
                return null;
            }
        }

        return place;
    }

    private void Complain(string path, string complaint) => _complaints.Add($"{(path.Length == 0 ? "the arguments" : path)} {complaint}");

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private sealed class StepCount
    {
        public int Taken { get; set; }
    }
}
