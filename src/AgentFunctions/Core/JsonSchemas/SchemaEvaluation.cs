using System.Globalization;
using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>One check of one value. The rules for objects, lists, texts and numbers stand in files of their own.</summary>
internal sealed partial class SchemaEvaluation(JsonElement root, SchemaResources resources, SchemaLeniency leniency, string name)
{
    private const int MaxErrors = 10;
    private const int MaxDepth = 64;

    /// <summary>A schema of a few lines can stand for any amount of work.</summary>
    private const int MaxSteps = 50_000;

    private readonly Stack<Uri> _scope = [];
    private List<string> _errors = [];
    private int _steps;
    private bool _isBeyond;

    /// <summary>Gets what is wrong.</summary>
    public IReadOnlyList<string> Errors => _errors;

    private bool IsStrict => leniency == SchemaLeniency.None;

    /// <summary>Checks the whole value.</summary>
    public void Check(JsonElement value)
    {
        if (root.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)
        {
            Check(resources.Root, value, "", 0);
        }

        if (_isBeyond && IsStrict && _errors.Count == 0)
        {
            Add("", $"cannot be checked: the schema takes more than {MaxSteps} steps or is nested more than {MaxDepth} deep");
        }
    }

    /// <summary>Checks a part.</summary>
    /// <returns>What was looked at in it, for those who ask for what was not.</returns>
    private SchemaCoverage Check(SchemaLocation place, JsonElement value, string path, int depth)
    {
        SchemaCoverage covered = new(resources.IsTracking);
        if (depth > MaxDepth || ++_steps > MaxSteps)
        {
            _isBeyond = true;
            return covered;
        }

        JsonElement schema = place.Schema;
        if (schema.ValueKind == JsonValueKind.False)
        {
            Add(path, "is not allowed");
        }

        if (_errors.Count >= MaxErrors || schema.ValueKind != JsonValueKind.Object)
        {
            return covered;
        }

        _scope.Push(place.Base);
        try
        {
            if (CheckReferences(place, value, path, depth, covered) || !HasType(schema, value, path))
            {
                return covered;
            }

            CheckChoice(schema, value, path);
            CheckCombinations(place, value, path, depth, covered);
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    CheckObject(place, value, path, depth, covered);
                    break;
                case JsonValueKind.Array:
                    CheckArray(place, value, path, depth, covered);
                    break;
                case JsonValueKind.String:
                    CheckText(schema, value.GetString()!, path);
                    break;
                case JsonValueKind.Number:
                    CheckNumber(schema, value, path);
                    break;
            }

            return covered;
        }
        finally
        {
            _scope.Pop();
        }
    }

    /// <summary>Follows references.</summary>
    /// <returns>Whether the schema says nothing else.</returns>
    private bool CheckReferences(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        if (Text(place.Schema, "$ref") is { } reference)
        {
            Follow(resources.Find(place, reference), reference, value, path, depth, covered);
            if (place.IsOld)
            {
                return true;
            }
        }

        if (Text(place.Schema, "$dynamicRef") is { } dynamic)
        {
            Follow(FindDynamic(place, dynamic), dynamic, value, path, depth, covered);
        }

        return false;
    }

    private void Follow(SchemaLocation? target, string reference, JsonElement value, string path, int depth,
        SchemaCoverage covered)
    {
        if (target is { } found)
        {
            covered.Add(Check(found, value, path, depth + 1));
        }
        else if (IsStrict)
        {
            Add(path, $"cannot be checked: the schema has nothing at '{reference}'");
        }
    }

    /// <summary>
    /// A dynamic reference names the outermost place of its name among those that were entered, if it names a dynamic one at all.
    /// </summary>
    private SchemaLocation? FindDynamic(SchemaLocation place, string reference)
    {
        SchemaLocation? first = resources.Find(place, reference);
        string anchor = reference[(reference.IndexOf('#', StringComparison.Ordinal) + 1)..];
        return first is { } found && resources.FindDynamic(found.Base, anchor) is not null && !anchor.StartsWith('/')
            ? _scope.Reverse().Select(entered => resources.FindDynamic(entered, anchor))
                .FirstOrDefault(static outer => outer is not null) ?? first
            : first;
    }

    private bool HasType(JsonElement schema, JsonElement value, string path)
    {
        if (!schema.TryGetProperty("type", out JsonElement type)
            || (!IsStrict && value.ValueKind == JsonValueKind.Null
                && schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True))
        {
            return true;
        }

        string[] wanted = type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString()!],
            JsonValueKind.Array => [.. type.EnumerateArray().Select(static t => t.ToString())],
            _ => [],
        };
        if (wanted.Length == 0 || wanted.Any(wish => IsOf(wish, value)))
        {
            return true;
        }

        Add(path, $"must be {string.Join(" or ", wanted.Select(Article))}, not {Article(NameOf(value))}");
        return false;
    }

    private bool IsOf(string type, JsonElement value) => type switch
    {
        "integer" => (value.ValueKind == JsonValueKind.Number && IsInteger(value))
            || (leniency == SchemaLeniency.Arguments && value.ValueKind == JsonValueKind.String
                && long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        "number" => value.ValueKind == JsonValueKind.Number
            || (leniency == SchemaLeniency.Arguments && value.ValueKind == JsonValueKind.String
                && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _)),
        "string" or "boolean" or "object" or "array" or "null" => NameOf(value) == type,
        _ => !IsStrict,
    };

    private static bool IsInteger(JsonElement value) =>
        value.TryGetInt64(out _)
            || (value.TryGetDecimal(out decimal exact) ? decimal.IsInteger(exact) : double.IsInteger(value.GetDouble()));

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
            Add(path, $"must be one of {string.Join(", ", choices.EnumerateArray().Take(20).Select(static c => c.GetRawText()))}");
        }

        if (schema.TryGetProperty("const", out JsonElement only) && !JsonElement.DeepEquals(only, value))
        {
            Add(path, $"must be {only.GetRawText()}");
        }
    }

    private void CheckCombinations(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        foreach (JsonElement part in Each(place.Schema, "allOf"))
        {
            covered.Add(Check(Within(place, part), value, path, depth + 1));
        }

        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            int forms = 0;
            int fitting = 0;
            foreach (JsonElement form in Each(place.Schema, keyword))
            {
                forms++;
                if (Fits(place, form, value, depth, covered))
                {
                    fitting++;
                }
            }

            if (forms > 0 && fitting == 0)
            {
                Add(path, $"has none of the {forms} forms that the schema allows ({keyword})");
            }
            else if (keyword == "oneOf" && fitting > 1)
            {
                Add(path, $"has {fitting} of the forms that the schema allows, and must have exactly one (oneOf)");
            }
        }

        if (place.Schema.TryGetProperty("not", out JsonElement not) && Fits(place, not, value, depth, new SchemaCoverage(false)))
        {
            Add(path, "has a form that the schema excludes (not)");
        }

        if (place.Schema.TryGetProperty("if", out JsonElement condition)
            && place.Schema.TryGetProperty(Fits(place, condition, value, depth, covered) ? "then" : "else",
                out JsonElement branch))
        {
            covered.Add(Check(Within(place, branch), value, path, depth + 1));
        }
    }

    /// <summary>Whether a value has a form; if so, what the form looked at counts as looked at.</summary>
    private bool Fits(SchemaLocation place, JsonElement form, JsonElement value, int depth, SchemaCoverage covered)
    {
        List<string> outer = _errors;
        _errors = [];
        SchemaCoverage looked = Check(Within(place, form), value, "", depth + 1);
        bool fits = _errors.Count == 0;
        _errors = outer;
        if (fits)
        {
            covered.Add(looked);
        }

        return fits;
    }

    private static SchemaLocation Within(SchemaLocation place, JsonElement schema) =>
        SchemaResources.Enter(place with { Schema = schema });

    private static IEnumerable<JsonElement> Each(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
            : [];

    private static string? Text(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private void Add(string path, string error) => _errors.Add($"{(path.Length == 0 ? name : path)} {error}");

    private static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    private static string At(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");
}
