using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Results of tools as the model reads them: text as it is, all else as JSON.</summary>
internal static class ToolResultText
{
    public static string Of(object? result) => result switch
    {
        null => "(done)",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        TextContent content => content.Text,
        AIContent content => JsonSerializer.Serialize(content, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(AIContent))),
        IEnumerable<AIContent> contents => string.Join('\n', contents.Select(Of)),
        _ => DurableJson.Serialize(result)!,
    };
}
