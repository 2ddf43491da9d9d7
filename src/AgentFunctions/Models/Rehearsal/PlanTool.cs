using System.Text.Json;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>Fills the arguments of <c>update_plan</c>, or one of that kind, after the tool's own schema.</summary>
internal static class PlanTool
{
    private const string Name = "update_plan";

    /// <summary>The call that tells the plan's state; none where no such tool is offered.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="steps">The plan.</param>
    /// <param name="current">The step that is about to be done.</param>
    public static IEnumerable<RehearsalCall> Update(Conversation conversation, IReadOnlyList<string> steps, int current)
    {
        if (conversation.Schema(Name) is not { ValueKind: JsonValueKind.Object } schema
            || !schema.TryGetProperty("properties", out JsonElement properties))
        {
            yield break;
        }

        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("items", out JsonElement item))
            {
                yield return new(Name, new Dictionary<string, object?>
                {
                    [property.Name] = steps.Select((step, index) => Item(item, step, index.CompareTo(current))).ToArray(),
                });
                yield break;
            }
        }
    }

    private static object? Item(JsonElement schema, string step, int order)
    {
        if (!schema.TryGetProperty("properties", out JsonElement properties))
        {
            return order < 0 ? $"done: {step}" : step;
        }

        Dictionary<string, object?> item = [];
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (TypeOf(property.Value) == "boolean")
            {
                item[property.Name] = order < 0;
            }
            else if (property.Value.TryGetProperty("enum", out JsonElement states) && states.GetArrayLength() > 0)
            {
                item[property.Name] = State([.. states.EnumerateArray().Select(static state => state.ToString())], order);
            }
            else if (property.Name is "status" or "state")
            {
                item[property.Name] = State(["pending", "in_progress", "completed"], order);
            }
            else if (TypeOf(property.Value) == "string" && !item.ContainsValue(step))
            {
                item[property.Name] = step;
            }
        }

        return item;
    }

    private static string State(IReadOnlyList<string> states, int order)
    {
        string[] words = order < 0 ? ["done", "complete", "finish"] : order == 0
            ? ["progress", "active", "doing", "current"]
            : ["pending", "todo", "open", "not"];
        return states.FirstOrDefault(state => words.Any(word => state.Contains(word, StringComparison.OrdinalIgnoreCase)))
            ?? states[order < 0 ? states.Count - 1 : 0];
    }

    // A nullable member has a list of types.
    private static string? TypeOf(JsonElement schema) => !schema.TryGetProperty("type", out JsonElement type) ? null
        : type.ValueKind == JsonValueKind.Array ? type[0].GetString() : type.GetString();
}
