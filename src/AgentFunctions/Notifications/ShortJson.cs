using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Notifications;

/// <summary>Shortens JSON that people are shown at once, so that it stays JSON.</summary>
internal static class ShortJson
{
    private const int MaxText = 500;
    private const int MaxMembers = 30;
    private const int MaxDepth = 6;

    /// <summary>Makes a short form: long texts, lists and deep objects are cut.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isCut">Whether anything was left out.</param>
    public static JsonElement Of(JsonElement value, out bool isCut)
    {
        isCut = false;
        return JsonSerializer.SerializeToElement(Of(value, 0, ref isCut), CoreJsonContext.Default.JsonNode);
    }

    private static JsonNode? Of(JsonElement value, int depth, ref bool isCut)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String when value.GetString() is { Length: > MaxText } text:
                isCut = true;
                return JsonValue.Create($"{TextCut.Head(text, MaxText)}…");
            case JsonValueKind.Object or JsonValueKind.Array when depth == MaxDepth:
                isCut = true;
                return JsonValue.Create("…");
            case JsonValueKind.Array:
                var list = new JsonArray();
                foreach (JsonElement item in value.EnumerateArray().Take(MaxMembers))
                {
                    list.Add(Of(item, depth + 1, ref isCut));
                }

                isCut |= value.GetArrayLength() > MaxMembers;
                return list;
            case JsonValueKind.Object:
                var members = new JsonObject();
                foreach (JsonProperty member in value.EnumerateObject().Take(MaxMembers))
                {
                    members[member.Name] = Of(member.Value, depth + 1, ref isCut);
                }

                isCut |= value.EnumerateObject().Skip(MaxMembers).Any();
                return members;
            default:
                return JsonNode.Parse(value.GetRawText());
        }
    }
}
