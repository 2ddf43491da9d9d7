using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.JsonSchemas;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>
/// Arguments on their way to a server: held against the whole schema here, so that a bad call costs no round trip.
/// </summary>
internal static class SentArguments
{
    private static readonly ConditionalWeakTable<AIFunction, JsonSchema> Schemas = [];

    /// <summary>The arguments as JSON.</summary>
    /// <param name="function">The function.</param>
    /// <param name="arguments">What it was called with.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: the message names every field that is wrong.
    /// </exception>
    public static Dictionary<string, JsonElement> Check(AIFunction function, AIFunctionArguments arguments)
    {
        var sent = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach ((string name, object? value) in arguments)
        {
            sent[name] = value is JsonElement element
                ? element
                : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions);
        }

        IReadOnlyList<string> errors = Schemas.GetValue(function, static known => JsonSchema.ForServer(known.JsonSchema)).Errors(
            JsonSerializer.SerializeToElement(sent, CoreJsonContext.Default.DictionaryStringJsonElement));
        return errors.Count == 0
            ? sent
            : throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{function.Name}: {string.Join("; ", errors)}.");
    }
}
