using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Makes the chat options of one model step: those of the agent, with the tools that the run is pinned to as declarations.
/// </summary>
internal static class StepOptions
{
    /// <summary>Makes them.</summary>
    /// <param name="plan">The agent.</param>
    /// <param name="own">The options that the agent would send.</param>
    /// <param name="step">What the run asks for.</param>
    /// <param name="instructions">What the model is told before anything else.</param>
    /// <param name="isFirst">Whether it is the first turn of the run.</param>
    public static ChatOptions Of(AgentPlan plan, ChatOptions? own, ChatOptions? step, string? instructions, bool isFirst)
    {
        ChatOptions options = own?.Clone() ?? new ChatOptions();
        bool hasTools = step?.Tools is { Count: > 0 } || plan.HostedTools.Count > 0;
        options.Tools = hasTools ? [.. step?.Tools ?? [], .. plan.HostedTools] : null;
        options.ToolMode = !hasTools || (options.ToolMode is RequiredChatToolMode && !isFirst) ? null : options.ToolMode;
        options.Instructions = instructions;
        options.ConversationId = null;
        options.ContinuationToken = null;
        options.AllowBackgroundResponses = null;
        options.ResponseFormat = FormatOf(options.ResponseFormat, step?.ResponseFormat);
        options.MaxOutputTokens = Smaller(options.MaxOutputTokens, step?.MaxOutputTokens);
        options.AdditionalProperties = NoHistory.In(options.AdditionalProperties);
        return options;
    }

    /// <summary>That of the run, but the agent's own, which may have a name, where both mean the same.</summary>
    internal static ChatResponseFormat? FormatOf(ChatResponseFormat? own, ChatResponseFormat? step) =>
        step is not ChatResponseFormatJson { Schema: { } asked } ? step ?? own
        : own is ChatResponseFormatJson { Schema: { } known } && JsonElement.DeepEquals(asked, known) ? own
        : step;

    private static int? Smaller(int? own, int? step) => own is { } a && step is { } b ? Math.Min(a, b) : own ?? step;
}
