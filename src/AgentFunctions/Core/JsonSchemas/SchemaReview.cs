using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>Looks through a schema for what cannot be checked, so that it is refused and not found out days later.</summary>
internal sealed class SchemaReview
{
    private const int MaxErrors = 10;
    private const int MaxDepth = 60;

    private static readonly string[] Types = ["array", "boolean", "integer", "null", "number", "object", "string"];

    private readonly SchemaResources _resources;
    private readonly List<string> _errors = [];

    private SchemaReview(SchemaResources resources) => _resources = resources;

    /// <summary>Reviews a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <returns>What cannot be checked, each with its place.</returns>
    public static IReadOnlyList<string> Of(JsonElement schema)
    {
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
        {
            return ["$: a schema is a JSON object"];
        }

        var resources = new SchemaResources(schema);
        var review = new SchemaReview(resources);
        review.Check(SchemaResources.Enter(resources.Root), "$", 0);
        return review._errors;
    }

    private void Check(SchemaLocation place, string path, int depth)
    {
        if (_errors.Count >= MaxErrors || place.Schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (depth > MaxDepth)
        {
            Add(path, $"it is nested more than {MaxDepth} deep");
            return;
        }

        foreach (JsonProperty keyword in place.Schema.EnumerateObject())
        {
            if (Error(place, keyword.Name, keyword.Value) is { } error)
            {
                Add(path, error);
            }
        }

        foreach ((string name, JsonElement child) in SchemaKeywords.Children(place.Schema))
        {
            if (child.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)
            {
                Check(SchemaResources.Enter(place with { Schema = child }), $"{path}.{name}", depth + 1);
            }
            else
            {
                Add($"{path}.{name}", "a schema is a JSON object, true or false");
            }
        }
    }

    private string? Error(SchemaLocation place, string name, JsonElement value)
    {
        if (SchemaKeywords.Annotations.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal))
        {
            return null;
        }

        bool isSchema = value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False;
        return name switch
        {
            _ when SchemaKeywords.Reference.Contains(name) =>
                value.ValueKind == JsonValueKind.String && _resources.Find(place, value.GetString()!) is not null
                ? null : $"'{name}' must lead to a place within the schema; {value.GetRawText()} leads nowhere, and nothing is fetched",
            _ when SchemaKeywords.Schema.Contains(name) && isSchema => null,
            _ when SchemaKeywords.SchemaList.Contains(name) => value.ValueKind == JsonValueKind.Array
                ? null : $"'{name}' must be {(name == "items" ? "a schema or " : "")}a list of schemas",
            _ when SchemaKeywords.Schema.Contains(name) => $"'{name}' must be a schema",
            _ when SchemaKeywords.SchemaMap.Contains(name) => value.ValueKind == JsonValueKind.Object
                ? PatternError(name, value) : $"'{name}' must be an object of schemas",
            _ when SchemaKeywords.Count.Contains(name) => value.ValueKind == JsonValueKind.Number && value.GetDouble() >= 0
                ? null : $"'{name}' must be a number that is not negative",
            _ when SchemaKeywords.Number.Contains(name) =>
                value.ValueKind == JsonValueKind.Number && (name != "multipleOf" || value.GetDouble() > 0)
                ? null : $"'{name}' must be a number{(name == "multipleOf" ? " above 0" : "")}",
            "type" => IsType(value)
                ? null
                : $"'type' must be one or a list of {string.Join(", ", Types)}; it is {value.GetRawText()}",
            "enum" => value.ValueKind == JsonValueKind.Array ? null : "'enum' must be a list",
            "required" => IsNames(value) ? null : "'required' must be a list of names",
            "dependentRequired" =>
                value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(static item => IsNames(item.Value))
                ? null : "'dependentRequired' must be an object of lists of names",
            "uniqueItems" => value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? null
                : "'uniqueItems' must be true or false",
            "pattern" => value.ValueKind == JsonValueKind.String && SchemaPattern.IsValid(value.GetString()!)
                ? null : $"'pattern' must be a regular expression; {value.GetRawText()} cannot be read",
            "format" => value.ValueKind == JsonValueKind.String && SchemaFormats.Fits(value.GetString()!, "") is not null
                ? null : $"the format {value.GetRawText()} cannot be checked; use {string.Join(", ", SchemaFormats.Names)}, or a pattern",
            "nullable" => "'nullable' is a keyword of OpenAPI; write \"type\": [\"...\", \"null\"]",
            "const" => null,
            _ => $"'{name}' is not a keyword that can be checked",
        };
    }

    private static string? PatternError(string name, JsonElement value) =>
        name == "patternProperties"
            && value.EnumerateObject().FirstOrDefault(static item => !SchemaPattern.IsValid(item.Name)) is { Name: { } broken }
            ? $"'patternProperties': the pattern {broken} cannot be read" : null;

    private static bool IsType(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Types.Contains(value.GetString()),
        JsonValueKind.Array => value.GetArrayLength() > 0
            && value.EnumerateArray()
                .All(static item => item.ValueKind == JsonValueKind.String && Types.Contains(item.GetString())),
        _ => false,
    };

    private static bool IsNames(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
            && value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String);

    private void Add(string path, string error) => _errors.Add($"{path}: {error}");
}
