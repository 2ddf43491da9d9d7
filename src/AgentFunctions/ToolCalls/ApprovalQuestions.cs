using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Asks people about tool calls.</summary>
internal sealed class ApprovalQuestions(ApprovalRequester approvals, PolicySource policies, Redactor redactor, TimeProvider time)
{
    /// <summary>Asks whether a call may be made. Safe to repeat after a crash.</summary>
    public Task<Approval> AskToCallAsync(ToolCallRequest request, PolicyDecision decision, CancellationToken cancellationToken)
    {
        ToolContext context = request.Context;
        return approvals.RequestAsync(
            Question(
                request, CallHash.ApprovalId(context.RunId, context.Turn, context.Call), decision.Rule, decision.Reason,
                decision.Approval!, decision.Risk),
            cancellationToken);
    }

    /// <summary>
    /// Asks whether to repeat a call of which nobody can tell whether it took effect. Safe to repeat after a crash.
    /// </summary>
    public Task<Approval> AskToRepeatAsync(ToolCallRequest request, int repeats, UnknownOutcomeRule rule,
        CancellationToken cancellationToken)
    {
        ToolContext context = request.Context;
        Approval question = Question(
            request, CallHash.RepeatId(context.RunId, context.Turn, context.Call, repeats), rule.Name,
            "It was made and cut off: nobody can tell whether it took effect. Approve to have it made again; deny to say what came of it.",
            rule.Terms!);
        return approvals.RequestAsync(question with { Question = ApprovalQuestion.Repeat }, cancellationToken);
    }

    /// <summary>Gets what a call waits for that a person is asked about.</summary>
    public static ToolCallWait WaitFor(Approval approval) =>
        new("approval", approval.Id, approval.EventName, HumanTaskSchedule.NextLook(approval))
        {
            Deadline = approval.ExpiresAt,
        };

    /// <summary>Gets the hash that an approval must have been given for.</summary>
    public static string HashOf(ToolCallRequest request) => CallHash.Of(
        request.Context.RunId, request.Context.Turn, request.Context.Call, request.Tool.Name, request.Arguments);

    private Approval Question(
        ToolCallRequest request, string id, string rule, string? reason, ApprovalTerms terms, RiskLevel? decided = null) => new()
        {
            Id = id,
            RunId = request.Context.RunId,
            RootId = request.Lineage.Root.Id,
            Turn = request.Context.Turn,
            Call = request.Context.Call,
            Tool = request.Tool.Name,
            Effect = request.Tool.Effect,
            // Who decides does not see at once what a masked block holds.
            Risk = ApprovalView.HidesBlock(request.Arguments, redactor)
                ? RiskLevel.High
                : decided ?? policies.Current.RiskOf(request.Action(request.Arguments, [], time.GetUtcNow())),
            Arguments = request.Arguments,
            CallHash = HashOf(request),
            Group = CallHash.Group(rule, request.Run.Agent, request.Tool.Name, request.Arguments),
            Requester = request.Lineage.Root.Requester,
            Chain = request.Lineage.Chain,
            Goal = request.Run.Goal,
            Rule = rule,
            Reason = reason,
            Terms = terms,
            CreatedAt = time.GetUtcNow(),
        };
}
