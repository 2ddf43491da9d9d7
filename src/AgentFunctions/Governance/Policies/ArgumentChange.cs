using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Policies;

/// <summary>Arguments as a rule wants them instead of the model's.</summary>
internal static class ArgumentChange
{
    /// <summary>The changed arguments; <see langword="null"/> if nothing changes.</summary>
    public static JsonElement? Apply(PolicyAnswer answer, JsonElement arguments)
    {
        if (answer.Set.Count == 0 && answer.AtMost.Count == 0)
        {
            return null;
        }

        JsonObject changed = arguments.ValueKind == JsonValueKind.Object ? JsonObject.Create(arguments)! : [];
        foreach ((string name, JsonElement value) in answer.Set)
        {
            changed[name] = Node(value);
        }

        foreach ((string name, decimal most) in answer.AtMost)
        {
            // What is absent or no readable number is set to the bound: the tool's own default might lie above it.
            if (changed[name] is not JsonValue value
                || !decimal.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number)
                || number > most)
            {
                changed[name] = JsonValue.Create(most);
            }
        }

        return JsonSerializer.SerializeToElement(changed, CoreJsonContext.Default.JsonNode);
    }

    private static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => JsonValue.Create(value),
    };
}
