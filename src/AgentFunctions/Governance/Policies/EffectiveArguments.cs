using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// Makes the arguments of a call what the tool will take them to be: defaults filled in, numbers read, paths resolved.
/// </summary>
internal static class EffectiveArguments
{
    private const int MaxDepth = 16;

    /// <summary>Gets the arguments as the tool will take them.</summary>
    /// <param name="arguments">The arguments as the model wrote them.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="paths">The names of the workspace's files; <see langword="null"/> if the run has no workspace.</param>
    public static JsonElement Of(JsonElement arguments, AgentTool tool, PathNames? paths)
    {
        JsonObject effective = arguments.ValueKind == JsonValueKind.Object ? JsonObject.Create(arguments)! : [];
        JsonElement schema = tool.Function.JsonSchema;
        Fill(effective, schema, schema, 0);
        foreach (PathArgument path in paths is null ? [] : tool.Paths)
        {
            string[] way = path.Name.Split('.');
            JsonObject? holder = way[..^1].Aggregate((JsonObject?)effective, static (at, name) => at?[name] as JsonObject);
            if (holder?[way[^1]] is { } given)
            {
                holder[way[^1]] = Named(given, path, paths!);
            }
            else if (path.IsWholeByDefault)
            {
                effective[path.Name] = PathNames.Whole;
            }
        }

        return JsonSerializer.SerializeToElement(effective, CoreJsonContext.Default.JsonNode);
    }

    private static JsonNode Named(JsonNode given, PathArgument argument, PathNames paths) => given switch
    {
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Named(item, argument, paths))]),
        JsonValue value when value.TryGetValue(out string? text) => JsonValue.Create(paths.NameOf(text) ?? text),
        _ => given.DeepClone(),
    };

    private static void Fill(JsonObject value, JsonElement schema, JsonElement root, int depth)
    {
        if (depth > MaxDepth || SchemaMember.Resolve(schema, root) is not { } resolved
            || SchemaMember.Find(resolved, "properties") is not { ValueKind: JsonValueKind.Object } properties)
        {
            return;
        }

        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (SchemaMember.Resolve(property.Value, root) is not { } member)
            {
                continue;
            }

            if (!value.ContainsKey(property.Name))
            {
                if (SchemaMember.Find(member, "default") is { ValueKind: not JsonValueKind.Null } standard)
                {
                    value[property.Name] = JsonNode.Parse(standard.GetRawText());
                }

                continue;
            }

            JsonNode? given = value[property.Name];
            if (given is JsonObject inner)
            {
                Fill(inner, member, root, depth + 1);
            }
            else if (given is JsonArray list && SchemaMember.Find(member, "items") is { } items)
            {
                foreach (JsonObject item in list.OfType<JsonObject>())
                {
                    Fill(item, items, root, depth + 1);
                }
            }
            else if (SchemaMember.IsNumber(member) && given is JsonValue text && text.TryGetValue(out string? digits)
                && ArgumentNumber.TryRead(digits, out decimal number))
            {
                value[property.Name] = JsonValue.Create(number);
            }
        }
    }
}
