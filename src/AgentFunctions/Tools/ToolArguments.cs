using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.JsonSchemas;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Reads the arguments of a call and holds them against the tool's schema.</summary>
internal static class ToolArguments
{
    private const int MaxQuoted = 200;

    private static readonly ConditionalWeakTable<AIFunction, JsonSchema> Schemas = [];

    /// <summary>The arguments by name.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="call">The call that the model requested.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolArgumentsInvalid"/>: the message names the field.</exception>
    public static Dictionary<string, JsonElement> Read(AgentTool tool, FunctionCallContent call)
    {
        if (call.AdditionalProperties?.TryGetValue(ModelConventions.InvalidArguments, out object? raw) == true)
        {
            throw Broken(tool, raw?.ToString() ?? "", ModelConventions.IsCut(call));
        }

        if (call.Exception is not null)
        {
            throw Invalid(tool, $"the arguments could not be read: {call.Exception.Message}");
        }

        JsonElement schema = tool.Function.JsonSchema;
        var arguments = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
        {
            JsonElement json = ToJson(value);

            // Many models write null for what they leave out.
            if (json.ValueKind != JsonValueKind.Null || AllowsNull(schema, name))
            {
                arguments[name] = json;
            }
        }

        if (tool.Check?.Invoke(arguments) is { } refusal)
        {
            throw new AgentException(ErrorCode.NotAllowed, $"{tool.Name}: {refusal}");
        }

        IReadOnlyList<string> errors = Schemas.GetValue(tool.Function, static known => JsonSchema.ForArguments(known.JsonSchema))
            .Errors(
            JsonSerializer.SerializeToElement(arguments, CoreJsonContext.Default.DictionaryStringJsonElement));
        return errors.Count == 0 ? arguments : throw Invalid(tool, $"{string.Join("; ", errors)}.");
    }

    /// <summary>Whether a member may be null: its schema says so, or says nothing of its type.</summary>
    private static bool AllowsNull(JsonElement schema, string name) =>
        schema.ValueKind != JsonValueKind.Object
        || !schema.TryGetProperty("properties", out JsonElement properties)
        || properties.ValueKind != JsonValueKind.Object
        || !properties.TryGetProperty(name, out JsonElement property)
        || property.ValueKind != JsonValueKind.Object
        || !property.TryGetProperty("type", out JsonElement type)
        || (type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Any(static t => t.ToString() == "null")
            : type.ToString() == "null")
        || (property.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True);

    private static JsonElement ToJson(object? value) => value switch
    {
        JsonElement json => json,
        null => JsonElement.Parse("null"),
        _ => JsonSerializer.SerializeToElement(value, DurableJson.Options.GetTypeInfo(value.GetType())),
    };

    private static AgentException Broken(AgentTool tool, string raw, bool isCut)
    {
        if (isCut)
        {
            return Invalid(
                tool,
                $"the call was not made: your message reached its limit of output tokens in the middle of the arguments, after {raw.Length} characters of "
                + "them, so they are no valid JSON. Write less at once: split a long text over several calls.");
        }

        string reason = "they must be one JSON object.";
        try
        {
            using (JsonDocument.Parse(raw))
            {
            }
        }
        catch (JsonException error)
        {
            reason = error.Message;
        }

        string quoted = TextCut.Shorten(raw, MaxQuoted);
        return Invalid(tool, $"the arguments are no valid JSON object: {reason} You sent: {quoted}");
    }

    private static AgentException Invalid(AgentTool tool, string complaint) =>
        new(ErrorCode.ToolArgumentsInvalid, $"{tool.Name}: {complaint}");
}
