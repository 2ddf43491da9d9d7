using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AgentFunctions.OpenApi;

/// <summary>
/// The schemas of a description as JSON Schema: shared ones by reference in <c>$defs</c>, so that recursive types stay finite,
/// and the dialect of OpenAPI 3.0 (<c>nullable</c>, boolean limits) translated.
/// </summary>
internal sealed partial class OpenApiSchemas(JsonObject document)
{
    private const string Shared = "#/components/schemas/";
    private const string Definitions = "#/$defs/";
    private const int MaxHops = 16;

    /// <summary>The most shared schemas that one operation may bring; what is beyond is left to the server.</summary>
    private const int MaxDefinitions = 200;

    /// <summary>Keywords of OpenAPI alone, and texts for people.</summary>
    private static readonly HashSet<string> NotOfJsonSchema =
        new(["nullable", "discriminator", "xml", "externalDocs", "example", "examples", "$schema", "$id"],
            StringComparer.Ordinal);

    /// <summary>Keywords whose members are names, each with a schema.</summary>
    private static readonly HashSet<string> SchemasByName =
        new(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"], StringComparer.Ordinal);

    /// <summary>Keywords that hold values and not schemas.</summary>
    private static readonly HashSet<string> Values = new(["enum", "const", "default", "required", "type", "dependentRequired"],
        StringComparer.Ordinal);

    /// <summary>The references that became definitions, by the name of the definition.</summary>
    private readonly Dictionary<string, string> _named = new(StringComparer.Ordinal);

    /// <summary>Gets the references that lead out of the description, or nowhere; empty if all were followed.</summary>
    public SortedSet<string> Lost { get; } = new(StringComparer.Ordinal);

    /// <summary>The object that a node is, or refers to.</summary>
    /// <returns>The object; <see langword="null"/> if the reference leads out of the description or nowhere.</returns>
    public JsonObject? Resolve(JsonNode? node)
    {
        for (int hop = 0; hop < MaxHops; hop++)
        {
            if (node is not JsonObject value)
            {
                return null;
            }

            if (value["$ref"] is not JsonValue reference)
            {
                return value;
            }

            node = Find(reference.ToString());
        }

        return null;
    }

    /// <summary>A schema of its own, with references to shared ones turned into <c>#/$defs/name</c>.</summary>
    public JsonNode Inline(JsonNode? schema) => schema switch
    {
        null => new JsonObject(),
        JsonObject value => Translate(value),
        _ => schema.DeepClone(),
    };

    /// <summary>The shared schemas that a schema needs, and those that they need; <see langword="null"/> for none.</summary>
    public JsonObject? DefinitionsFor(JsonObject schema)
    {
        var definitions = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        // A queue and no recursion: a chain of references may be as long as the description.
        var open = new Queue<JsonNode>([schema]);
        while (open.TryDequeue(out JsonNode? node))
        {
            foreach (string name in ReferencesOf(node))
            {
                if (!definitions.ContainsKey(name))
                {
                    JsonNode shared = definitions.Count < MaxDefinitions ? Inline(Find(_named[name])) : new JsonObject();
                    definitions[name] = shared;
                    open.Enqueue(shared);
                }
            }

            if (definitions.Count > 2 * MaxDefinitions)
            {
                throw new AgentException(ErrorCode.InvalidInput, $"its schemas refer to more than {MaxDefinitions} others");
            }
        }

        return definitions.Count == 0 ? null : new JsonObject(definitions);
    }

    private JsonObject Translate(JsonObject schema)
    {
        if (schema["$ref"] is JsonValue reference)
        {
            return Reference(schema, reference.ToString());
        }

        var result = new JsonObject();
        foreach ((string key, JsonNode? value) in schema)
        {
            if (!NotOfJsonSchema.Contains(key))
            {
                result[key] = key switch
                {
                    _ when Values.Contains(key) => value?.DeepClone(),
                    _ when SchemasByName.Contains(key) && value is JsonObject named =>
                        new JsonObject(named.Select(item => KeyValuePair.Create(item.Key, TranslateAny(item.Value)))),
                    _ => TranslateAny(value),
                };
            }
        }

        LeaveOutReadOnly(schema, result);
        Limit(result, "exclusiveMinimum", "minimum");
        Limit(result, "exclusiveMaximum", "maximum");
        return IsNullable(schema) ? OrNull(result) : result;
    }

    /// <summary>In OpenAPI 3.0 nothing beside a reference counts; what describes it is kept for the model.</summary>
    private JsonObject Reference(JsonObject schema, string reference)
    {
        var result = new JsonObject();
        if (Find(reference) is null)
        {
            Lost.Add(reference);
        }
        else
        {
            result["$ref"] = Definitions + NameOf(reference);
        }

        if (schema["description"] is JsonValue description)
        {
            result["description"] = description.DeepClone();
        }

        return IsNullable(schema) ? OrNull(result) : result;
    }

    /// <summary>The name of a definition: that of the shared schema, else one that is made of the reference.</summary>
    private string NameOf(string reference)
    {
        string wanted = NotOfName()
            .Replace(reference.StartsWith(Shared, StringComparison.Ordinal)
                ? reference[Shared.Length..]
                : reference.TrimStart('#', '/'), "_");
        string name = wanted;
        for (int number = 2; !_named.TryAdd(name, reference) && _named[name] != reference; number++)
        {
            name = $"{wanted}_{number}";
        }

        return name;
    }

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex NotOfName();

    private static bool IsNullable(JsonObject schema) => schema["nullable"]?.GetValueKind() == JsonValueKind.True;

    /// <summary>A type of its own takes null in; whatever else decides is put beside it.</summary>
    private static JsonObject OrNull(JsonObject schema)
    {
        if (schema["type"] is JsonValue type && !schema.ContainsKey("oneOf") && !schema.ContainsKey("anyOf")
            && !schema.ContainsKey("allOf"))
        {
            schema["type"] = new JsonArray(type.DeepClone(), "null");
            if (schema["enum"] is JsonArray choices && choices.All(static choice => choice is not null))
            {
                choices.Add(null);
            }

            return schema;
        }

        return schema.Count == 0
            ? schema
            : new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
    }

    /// <summary>What is for answers alone need not be sent.</summary>
    private static void LeaveOutReadOnly(JsonObject schema, JsonObject result)
    {
        if (schema["properties"] is JsonObject properties && result["required"] is JsonArray required)
        {
            string[] kept = [.. required.Select(static name => name?.ToString()).OfType<string>()
                .Where(name => (properties[name] as JsonObject)?["readOnly"]?.GetValueKind() != JsonValueKind.True)];
            result["required"] = new JsonArray([.. kept.Select(static name => JsonValue.Create(name))]);
        }
    }

    private JsonNode? TranslateAny(JsonNode? value) => value switch
    {
        JsonObject nested => Translate(nested),
        JsonArray list => new JsonArray([.. list.Select(TranslateAny)]),
        _ => value?.DeepClone(),
    };

    /// <summary>In OpenAPI 3.0 a limit is exclusive by a flag next to it.</summary>
    private static void Limit(JsonObject schema, string exclusive, string inclusive)
    {
        JsonValueKind? flag = schema[exclusive]?.GetValueKind();
        if (flag is JsonValueKind.True && schema[inclusive] is { } limit)
        {
            schema.Remove(inclusive);
            schema[exclusive] = limit;
        }
        else if (flag is JsonValueKind.True or JsonValueKind.False)
        {
            schema.Remove(exclusive);
        }
    }

    private static IEnumerable<string> ReferencesOf(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (string name in list.SelectMany(ReferencesOf))
            {
                yield return name;
            }
        }

        foreach ((string key, JsonNode? value) in node as JsonObject ?? [])
        {
            if (key == "$ref" && value is JsonValue reference
                && reference.ToString().StartsWith(Definitions, StringComparison.Ordinal))
            {
                yield return reference.ToString()[Definitions.Length..];
            }
            else
            {
                foreach (string name in ReferencesOf(value))
                {
                    yield return name;
                }
            }
        }
    }

    private JsonNode? Find(string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        JsonNode? place = document;
        foreach (string part in reference[2..].Split('/'))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            place = place is JsonArray list && int.TryParse(name, out int index) && index >= 0 && index < list.Count
                ? list[index]
                : (place as JsonObject)?[name];
        }

        return place;
    }
}
