using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>The keywords of JSON Schema, by what they hold.</summary>
internal static class SchemaKeywords
{
    /// <summary>Those that hold one schema.</summary>
    public static readonly string[] Schema =
    [
        "additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames",
        "then",
        "unevaluatedItems", "unevaluatedProperties",
    ];

    /// <summary>Those that hold a list of schemas.</summary>
    public static readonly string[] SchemaList = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];

    /// <summary>Those that hold schemas by name.</summary>
    public static readonly string[] SchemaMap =
        ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

    /// <summary>Those that hold a number that is not negative.</summary>
    public static readonly string[] Count =
        ["maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems", "minLength", "minProperties"];

    /// <summary>Those that hold a number.</summary>
    public static readonly string[] Number = ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"];

    /// <summary>Those that hold a reference.</summary>
    public static readonly string[] Reference = ["$ref", "$dynamicRef"];

    /// <summary>Those that say nothing about whether a value fits.</summary>
    public static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "$anchor", "$comment", "$dynamicAnchor", "$id", "$schema", "$vocabulary", "contentEncoding", "contentMediaType",
        "default",
        "deprecated", "description", "example", "examples", "readOnly", "title", "writeOnly",
    };

    /// <summary>Those that hold something else.</summary>
    public static readonly HashSet<string> Others = new(StringComparer.Ordinal)
    {
        "const", "dependentRequired", "enum", "format", "nullable", "pattern", "required", "type", "uniqueItems",
    };

    /// <summary>The schemas that a schema holds directly.</summary>
    /// <param name="schema">The schema.</param>
    public static IEnumerable<(string Place, JsonElement Schema)> Children(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            switch (keyword.Value.ValueKind)
            {
                case JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False when Schema.Contains(keyword.Name):
                    yield return (keyword.Name, keyword.Value);
                    break;
                case JsonValueKind.Array when SchemaList.Contains(keyword.Name):
                    int index = 0;
                    foreach (JsonElement item in keyword.Value.EnumerateArray())
                    {
                        yield return ($"{keyword.Name}[{index++}]", item);
                    }

                    break;
                case JsonValueKind.Object when SchemaMap.Contains(keyword.Name):
                    // Of 'dependencies' some are lists of names.
                    foreach (JsonProperty item in keyword.Value.EnumerateObject()
                        .Where(static item => item.Value.ValueKind != JsonValueKind.Array))
                    {
                        yield return ($"{keyword.Name}.{item.Name}", item.Value);
                    }

                    break;
            }
        }
    }
}
