using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Arguments on their way to a server: held against the whole schema here, so that a bad call costs no round trip.</summary>
internal static class SentArguments
{
    /// <summary>The arguments as JSON.</summary>
    /// <param name="function">The function.</param>
    /// <param name="arguments">What it was called with.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolArgumentsInvalid"/>: the message names every field that is wrong.</exception>
    public static Dictionary<string, JsonElement> Check(AIFunction function, AIFunctionArguments arguments)
    {
        var sent = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach ((string name, object? value) in arguments)
        {
            sent[name] = value is JsonElement element ? element : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions);
        }

        IReadOnlyList<string> complaints = JsonSchemaCheck.Complaints(
            function.JsonSchema, JsonSerializer.SerializeToElement(sent, AgentJsonContext.Default.DictionaryStringJsonElement));
        return complaints.Count == 0
            ? sent
            : throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{function.Name}: {string.Join("; ", complaints)}.");
    }
}
