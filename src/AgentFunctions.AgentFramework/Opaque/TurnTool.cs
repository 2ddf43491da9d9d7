using System.ComponentModel;
using System.Text.Json;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Makes the tools of an opaque agent: a turn for a message, a turn that makes the calls which it asks an approval for, once a
/// person has approved them, and one that tells it that they were rejected.
/// </summary>
internal sealed class TurnTool(OpaquePlan plan, OpaqueTurns turns)
{
    /// <summary>Makes the tools.</summary>
    public IReadOnlyList<AgentTool> Create() =>
    [
        ToolOf(plan.Tool, $"Has the agent '{plan.Definition.Name}' take a turn.", TakeAsync),
        ToolOf(plan.ApprovedTool, $"Lets the agent '{plan.Definition.Name}' make the calls that it asks an approval for.",
            ApproveAsync, asks: true),
        ToolOf(plan.RejectedTool, $"Tells the agent '{plan.Definition.Name}' that its calls were rejected.", RejectAsync),
    ];

    private AgentTool ToolOf(string name, string description, Delegate method, bool asks = false) =>
        new(AgentTool.CreateFunction(name, description, method), plan.Effect)
        {
            Group = AgentPlan.GroupOf(plan.Definition.Name),
            IsOptIn = true,
            AsksPerson = asks,
            Timeout = plan.Options.TurnTimeout,
            Job = new ToolJob(turns.LookAsync) { PollInterval = plan.Options.PollInterval, UnknownAtOnce = true },
        };

    private Task<Reconciliation> TakeAsync(
        [Description("What is said to the agent.")] string message, ToolContext call, CancellationToken cancellationToken) =>
        turns.TakeAsync(call, _ => new ChatMessage(ChatRole.User, message), cancellationToken);

    private Task<Reconciliation> ApproveAsync(
        [Description("The calls.")] JsonElement calls, ToolContext call, CancellationToken cancellationToken) =>
        turns.TakeAsync(
            call,
            asks => JsonElement.DeepEquals(calls, TurnDriver.CallsOf(asks))
                ? Answer(asks, isApproved: true)
                : throw new AgentException(
                    ErrorCode.ToolArgumentsInvalid,
                    $"{plan.ApprovedTool}: the calls of an agent that cannot be inspected are made as it asks for them; approve them "
                    + "without a change of their arguments, or reject them."),
            cancellationToken);

    private Task<Reconciliation> RejectAsync(ToolContext call, CancellationToken cancellationToken) =>
        turns.TakeAsync(call, static asks => Answer(asks, isApproved: false), cancellationToken);

    private static ChatMessage Answer(IReadOnlyList<ToolApprovalRequestContent> asks, bool isApproved) =>
        new(ChatRole.User, [.. asks.Select(ask => (AIContent)ask.CreateResponse(isApproved))]);
}
