using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Makes one tool call and turns whatever comes of it into an outcome.</summary>
public sealed class ToolInvoker
{
    internal async Task<ToolOutcome> InvokeAsync(
        ToolContext context, AgentTool? tool, FunctionCallContent call, CancellationToken cancellationToken)
    {
        if (tool is null)
        {
            return new ToolOutcome($"There is no tool '{call.Name}'.", true, ErrorCode.ToolNotFound);
        }

        try
        {
            object? result = await tool.Function.InvokeAsync(AgentTool.Bind(context, Arguments(call)), cancellationToken).ConfigureAwait(false);
            return await ToOutcomeAsync(context, tool, result, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new ToolOutcome(e.Message, true, (e as AgentException)?.Code ?? ErrorCode.ToolFailed);
        }
    }

    internal async Task<Reconciliation> ReconcileAsync(
        ToolContext context, AgentTool? tool, FunctionCallContent call, CancellationToken cancellationToken) =>
        tool?.Reconcile is { } reconcile
            ? await reconcile(context, AgentTool.Bind(context, Arguments(call)), cancellationToken).ConfigureAwait(false)
            : Reconciliation.Unknown;

    internal Task<ToolOutcome> ToOutcomeAsync(ToolContext context, AgentTool? tool, object? result, CancellationToken cancellationToken) =>
        Task.FromResult(new ToolOutcome(result as string ?? JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions), false));

    internal static string ArgumentsText(FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments, AIJsonUtilities.DefaultOptions);

    private static Dictionary<string, JsonElement> Arguments(FunctionCallContent call) =>
        (call.Arguments ?? new Dictionary<string, object?>()).ToDictionary(
            pair => pair.Key, pair => JsonSerializer.SerializeToElement(pair.Value, AIJsonUtilities.DefaultOptions));
}
