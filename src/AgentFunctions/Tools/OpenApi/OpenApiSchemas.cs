using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Tools.OpenApi;

/// <summary>
/// The schemas of a description as JSON Schema: shared ones by reference in <c>$defs</c>, so that recursive types stay finite, and
/// the dialect of OpenAPI 3.0 (<c>nullable</c>, boolean limits) translated.
/// </summary>
internal sealed class OpenApiSchemas(JsonObject document)
{
    private const string Shared = "#/components/schemas/";
    private const string Definitions = "#/$defs/";
    private const int MaxHops = 16;

    private static readonly string[] NotOfJsonSchema = ["nullable", "discriminator", "xml", "externalDocs", "example", "examples"];

    /// <summary>The object that a node is, or refers to; an empty one where the reference leads nowhere within the description.</summary>
    public JsonObject Resolve(JsonNode? node)
    {
        for (int hop = 0; hop < MaxHops; hop++)
        {
            if (node is not JsonObject value)
            {
                return [];
            }

            if (value["$ref"] is not JsonValue reference)
            {
                return value;
            }

            node = Find(reference.ToString());
        }

        return [];
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
        var definitions = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        Collect(schema, definitions);
        return definitions.Count == 0 ? null : new JsonObject(definitions.Select(static d => KeyValuePair.Create<string, JsonNode?>(d.Key, d.Value)));
    }

    private JsonObject Translate(JsonObject schema)
    {
        var result = new JsonObject();
        foreach ((string key, JsonNode? value) in schema)
        {
            if (key == "$ref" && value is JsonValue reference && reference.ToString().StartsWith(Shared, StringComparison.Ordinal))
            {
                result[key] = Definitions + reference.ToString()[Shared.Length..];
            }
            else if (!NotOfJsonSchema.Contains(key))
            {
                result[key] = TranslateAny(value);
            }
        }

        bool isNullable = schema["nullable"]?.GetValueKind() == JsonValueKind.True;
        if (isNullable && result["type"] is JsonValue type)
        {
            result["type"] = new JsonArray(type.DeepClone(), "null");
            if (result["enum"] is JsonArray choices && choices.All(static choice => choice is not null))
            {
                choices.Add(null);
            }
        }

        Limit(result, "exclusiveMinimum", "minimum");
        Limit(result, "exclusiveMaximum", "maximum");
        return result;
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

    private void Collect(JsonNode? node, SortedDictionary<string, JsonNode> definitions)
    {
        if (node is JsonArray list)
        {
            foreach (JsonNode? item in list)
            {
                Collect(item, definitions);
            }
        }

        foreach ((string key, JsonNode? value) in node as JsonObject ?? [])
        {
            if (key == "$ref" && value is JsonValue reference && reference.ToString().StartsWith(Definitions, StringComparison.Ordinal))
            {
                string name = reference.ToString()[Definitions.Length..];
                if (!definitions.ContainsKey(name))
                {
                    JsonNode shared = Inline(Find(Shared + name));
                    definitions[name] = shared;
                    Collect(shared, definitions);
                }
            }
            else
            {
                Collect(value, definitions);
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
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            place = (place as JsonObject)?[name];
        }

        return place;
    }
}
