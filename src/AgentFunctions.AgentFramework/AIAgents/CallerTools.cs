using System.Text.Json;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Reads what a caller gives with a run beside messages: tools that it executes itself, and instructions about them.
/// </summary>
internal static class CallerTools
{
    /// <summary>Gets the tools; <see langword="null"/> for none.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: one is not a function.</exception>
    public static IReadOnlyList<ClientTool>? Of(AgentRunOptions? options) =>
        options is not ChatClientAgentRunOptions { ChatOptions.Tools: { Count: > 0 } tools }
            ? null
            : [.. tools.Select(static tool => tool is AIFunctionDeclaration function
                ? new ClientTool(function.Name) { Description = function.Description, Schema = function.JsonSchema }
                : throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"options: the tool '{tool.Name}' ({tool.GetType().Name}) is not a function, and a caller executes functions alone; "
                    + "register it with the agent."))];

    /// <summary>Gets the names of tools, by which a session knows them again.</summary>
    public static string NamesOf(IReadOnlyList<ClientTool> tools) =>
        string.Join(' ', tools.Select(static tool => tool.Name).Order(StringComparer.Ordinal));

    /// <summary>Gets the instructions as a message to begin with; the agent's own are pinned.</summary>
    public static IReadOnlyList<ChatMessage> InstructionsOf(AgentRunOptions? options) =>
        options is ChatClientAgentRunOptions { ChatOptions.Instructions: { Length: > 0 } instructions }
            ? [new ChatMessage(ChatRole.User, instructions) { AuthorName = "instructions" }]
            : [];

    /// <summary>Gets what came of a call as text.</summary>
    public static string TextOf(FunctionResultContent result) => result switch
    {
        { Exception: { } e } => e.Message,
        { Result: string text } => text,
        { Result: JsonElement { ValueKind: JsonValueKind.String } json } => json.GetString()!,
        { Result: { } other } => JsonSerializer.Serialize(other, AIJsonUtilities.DefaultOptions.GetTypeInfo(other.GetType())),
        _ => "",
    };
}
