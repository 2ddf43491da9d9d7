using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>Makes the call that was decided from the one that was asked for.</summary>
internal static class GovernedCall
{
    /// <summary>
    /// Applies the arguments and limits of a decision; what a rule or a person put in is checked like the model's.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="refusal">What to tell the model if the decided arguments do not fit the tool.</param>
    /// <returns>The call to make; <see langword="null"/> if the decided arguments do not fit the tool.</returns>
    public static ToolCall? Of(ToolCallRequest request, PolicyDecision? decision, out ToolOutcome? refusal)
    {
        refusal = null;
        ToolContext context = decision?.Timeout is { } timeout && timeout < request.Tool.Timeout
            ? request.Context with { Timeout = timeout }
            : request.Context;
        context = decision?.ResultLimit is { } limit ? context with { ResultLimit = limit } : context;
        if (decision?.Arguments is null && ReferenceEquals(context, request.Context))
        {
            return request.Prepared;
        }

        var asked = new FunctionCallContent(request.Asked.CallId, request.Asked.Name)
        {
            Arguments = (decision?.Arguments ?? request.Arguments).EnumerateObject().ToDictionary(
                static member => member.Name, static object? (member) => member.Value, StringComparer.Ordinal),
        };
        return ToolInvoker.Prepare([request.Tool], asked, context, out refusal);
    }
}
