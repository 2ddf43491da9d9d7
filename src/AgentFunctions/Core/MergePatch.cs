using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Core;

/// <summary>JSON Merge Patch (RFC 7396).</summary>
internal static class MergePatch
{
    /// <summary>Gets what a patch makes of a value; neither is changed.</summary>
    public static JsonElement Apply(JsonElement value, JsonElement patch)
    {
        using JsonDocument document = JsonDocument.Parse(Merge(ToNode(value), patch)?.ToJsonString() ?? "null");
        return document.RootElement.Clone();
    }

    private static JsonNode? Merge(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            return ToNode(patch);
        }

        JsonObject merged = target as JsonObject ?? [];
        foreach (JsonProperty member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                merged.Remove(member.Name);
                continue;
            }

            merged.TryGetPropertyValue(member.Name, out JsonNode? before);
            merged[member.Name] = Merge(before?.DeepClone(), member.Value);
        }

        return merged;
    }

    /// <summary>Copies a value. If an object has a member twice, the last one counts; a node made of it would throw.</summary>
    private static JsonNode? ToNode(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return JsonNode.Parse(value.GetRawText());
        }

        var copy = new JsonObject();
        foreach (JsonProperty member in value.EnumerateObject())
        {
            copy[member.Name] = ToNode(member.Value);
        }

        return copy;
    }
}
