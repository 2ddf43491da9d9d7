using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Tells the audit log about tool calls.</summary>
internal sealed class CallAudit(AuditLog audit, Redactor redactor)
{
    /// <summary>How much of arguments and outcomes the audit log repeats, in characters.</summary>
    private const int TextLimit = 1_000;

    /// <summary>Adds what was decided about a call.</summary>
    public Task DecidedAsync(ToolCallState state, CancellationToken cancellationToken) =>
        audit.AppendAsync(Decided(Entry(AuditTypes.CallDecided, state), state, state.Decision!), cancellationToken);

    /// <summary>Adds what was decided about a call, as the first of a group of writes where that can be.</summary>
    public Task DecidedAsync(ToolCallState state, out bool isHandedOver, CancellationToken cancellationToken) =>
        audit.AppendAsync(Decided(Entry(AuditTypes.CallDecided, state), state, state.Decision!), out isHandedOver,
            cancellationToken);

    /// <summary>Adds what came of a call.</summary>
    public Task FinishedAsync(ToolCallState state, ToolOutcome outcome, CancellationToken cancellationToken) =>
        audit.AppendAsync(Finished(state, outcome), cancellationToken);

    /// <summary>Adds what came of a call, as the first of a group of writes where that can be.</summary>
    public Task FinishedAsync(ToolCallState state, ToolOutcome outcome, out bool isHandedOver,
        CancellationToken cancellationToken) =>
        audit.AppendAsync(Finished(state, outcome), out isHandedOver, cancellationToken);

    private AuditEntry Finished(ToolCallState state, ToolOutcome outcome)
    {
        AuditEntry entry = Entry(AuditTypes.CallFinished, state) with
        {
            OutcomeHash = TextHash.Of(outcome.Text),
            Outcome = Preview.Of(redactor.Redact(outcome.Text), TextLimit),
            Failed = outcome.IsError,
        };
        // A call without effects has its decision and its outcome in one entry; nothing could happen in between.
        return state is { Call: not null, Decision: { } decision } && state.Request.Tool.Effect == ToolEffect.None
            ? Decided(entry, state, decision)
            : entry;
    }

    private AuditEntry Decided(AuditEntry entry, ToolCallState state, PolicyDecision decision) => entry with
    {
        Verdict = decision.Verdict,
        Rule = decision.Rule,
        PolicyHash = decision.PolicyHash,
        Reason = decision.Reason ?? entry.Reason,
        ArgumentsHash = CanonicalJson.Hash(state.Arguments),
        Arguments = Preview.Of(redactor.Redact(state.Arguments.GetRawText()), TextLimit),
    };

    private static AuditEntry Entry(string type, ToolCallState state)
    {
        ToolCallRequest request = state.Request;
        return new AuditEntry(type)
        {
            RunId = state.HasRun ? request.Run.Id : null,
            RootId = state.HasRun ? request.Lineage.Root.Id : null,
            Turn = state.HasRun ? request.Context.Turn : null,
            Call = state.Actor is null ? request.Context.Call : null,
            Requester = request.Lineage.Root.Requester,
            Actor = state.Actor,
            Agent = state.HasRun ? request.Run.Agent : null,
            DefinitionHash = state.HasRun ? request.Run.DefinitionHash : null,
            Chain = state.HasRun ? request.Lineage.Chain : null,
            Tool = request.Tool.Name,
            Effect = request.Tool.Effect,
            ApprovalId = state.ApprovalId,
        };
    }
}
