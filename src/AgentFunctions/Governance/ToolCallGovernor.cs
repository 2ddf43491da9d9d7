using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Governance;

/// <summary>Decides what is to become of a tool call, and records it: kill switch, policy, people.</summary>
internal sealed class ToolCallGovernor(
    PolicySource policies, CallHistory history, ApprovalGate approvals, KillOrders kills, AuditLog audit, Redactor redactor, PlanStore plans,
    TimeProvider time)
{
    /// <summary>How much of arguments and outcomes the audit log repeats, in characters.</summary>
    private const int AuditTextLimit = 1_000;

    /// <summary>Rules on a call that has not begun.</summary>
    /// <param name="request">The call.</param>
    /// <param name="known">What the ledger knows of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ToolCallRuling> RuleAsync(ToolCallRequest request, LedgerEntry? known, CancellationToken cancellationToken)
    {
        bool hadBegun = known is { State: LedgerState.Unknown };
        KillOrder? order = await kills.FindAsync(request.Run, request.Lineage.Tree, request.Tool.Name, cancellationToken).ConfigureAwait(false);
        if (order is not null)
        {
            return await RefuseAsync(
                request, request.Arguments, new PolicyDecision(PolicyVerdict.Deny, "kill-switch", "") { Reason = $"{order.By} stopped {order.Words}" },
                ErrorCode.Stopped, known?.ApprovalId, cancellationToken, hadBegun).ConfigureAwait(false);
        }

        if (known is { State: LedgerState.Waiting or LedgerState.Unknown, ApprovalId: { } id })
        {
            return await AnsweredAsync(request, await approvals.CheckAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
        }

        PolicyDecision decision = await DecideAsync(request, request.Arguments, false, cancellationToken).ConfigureAwait(false);
        return decision.Verdict switch
        {
            PolicyVerdict.Allow => await AllowAsync(request, decision, null, cancellationToken).ConfigureAwait(false),
            PolicyVerdict.Deny => await RefuseAsync(
                request, request.Arguments, decision, ErrorCode.PolicyDenied, null, cancellationToken).ConfigureAwait(false),
            _ => await AskAsync(request, decision, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Asks a person about a call whose outcome nobody can tell, where the policy wants that; <see langword="null"/> where the model is told.</summary>
    /// <param name="request">The call.</param>
    /// <param name="entry">What the ledger knows of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ToolCallRuling?> AskAboutAsync(ToolCallRequest request, LedgerEntry entry, CancellationToken cancellationToken)
    {
        if (policies.Current.AskAbout(request.Action(request.Arguments, [], time.GetUtcNow())) is not { } rule)
        {
            return null;
        }

        ToolContext context = request.Context;
        Approval approval = Question(
            request, CallHash.RepeatId(context.RunId, context.Turn, context.Call, entry.Repeats), rule.Name,
            "It was made and cut off: nobody can tell whether it took effect. Approve to have it made again; deny to say what came of it.",
            rule.Terms!) with
        { Question = ApprovalQuestion.Repeat };
        return Waiting(await approvals.RequestAsync(approval, cancellationToken).ConfigureAwait(false), entry.Decision);
    }

    /// <summary>Takes up a call that had begun when a crash came: with what was decided then.</summary>
    public static ToolCall Resume(ToolCallRequest request, PolicyDecision? decision) => Prepare(request, decision, out _) ?? request.Prepared;

    /// <summary>Records what came of a call.</summary>
    public async Task FinishedAsync(
        ToolCallRequest request, ToolCallRuling ruling, DateTimeOffset startedAt, ToolOutcome outcome, CancellationToken cancellationToken)
    {
        if (ruling.Call is not null && policies.IsConfigured)
        {
            bool? succeeded = outcome.Code == ErrorCode.ToolOutcomeUnknown ? null : !outcome.IsError;
            await history.EnterAsync(request.Lineage.Root.Id, Past(request, ruling.Decision, startedAt) with
            {
                FinishedAt = time.GetUtcNow(),
                Succeeded = succeeded,
            }, cancellationToken).ConfigureAwait(false);
        }

        AuditEntry entry = Entry(AuditTypes.CallFinished, request) with
        {
            ApprovalId = ruling.ApprovalId,
            OutcomeHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(outcome.Text))),
            Outcome = Preview.Of(redactor.Redact(outcome.Text), AuditTextLimit),
            Failed = outcome.IsError,
        };
        // A call without effects has its decision and its outcome in one entry; nothing could happen in between.
        await audit.AppendAsync(
            request.Tool.Effect == ToolEffect.None && ruling is { Call: not null, Decision: { } decision }
                ? Decided(entry, request, decision, decision.Arguments ?? request.Arguments)
                : entry,
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<ToolCallRuling> AnsweredAsync(ToolCallRequest request, Approval approval, CancellationToken cancellationToken)
    {
        ApprovalVote? vote = approval.Votes.Count > 0 ? approval.Votes[^1] : null;
        bool hadBegun = approval.Question == ApprovalQuestion.Repeat;
        var answer = new PolicyDecision(PolicyVerdict.Deny, approval.Rule, policies.Current.Hash);
        if (approval.State == ApprovalState.Pending)
        {
            return Waiting(approval, null);
        }

        if (approval.State == ApprovalState.Denied)
        {
            string comment = vote?.Comment is { } said ? $"{vote.By} denied it: {said}" : $"{vote?.By} denied it";
            return await RefuseAsync(
                request, request.Arguments, answer with { Reason = comment }, ErrorCode.ApprovalDenied, approval.Id, cancellationToken, hadBegun)
                .ConfigureAwait(false);
        }

        if (approval.State != ApprovalState.Approved)
        {
            return await RefuseAsync(
                request, request.Arguments, answer with { Reason = "nobody decided about it in time" }, ErrorCode.ApprovalExpired, approval.Id,
                cancellationToken, hadBegun).ConfigureAwait(false);
        }

        if (approval.CallHash != HashOf(request))
        {
            return await RefuseAsync(
                request, request.Arguments, answer with { Reason = "the approval was given for other arguments" }, ErrorCode.PolicyDenied,
                approval.Id, cancellationToken, hadBegun).ConfigureAwait(false);
        }

        // Between question and answer the world went on: what a rule forbids by now stays forbidden.
        JsonElement arguments = approval.Edited ?? request.Arguments;
        PolicyDecision decision = await DecideAsync(request, arguments, true, cancellationToken).ConfigureAwait(false);
        if (decision.Verdict == PolicyVerdict.Deny)
        {
            return await RefuseAsync(request, arguments, decision, ErrorCode.PolicyDenied, approval.Id, cancellationToken, hadBegun).ConfigureAwait(false);
        }

        PolicyDecision approved = decision with
        {
            Verdict = PolicyVerdict.Allow,
            Rule = approval.Rule,
            Reason = $"approved by {string.Join(" and ", approval.Votes.Where(static one => one.Approves).Select(static one => one.By))}",
            Approval = null,
            Arguments = approval.Edited,
        };
        return await AllowAsync(request, approved, approval.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the policy, and enters a call with effects in the history in the same stroke.</summary>
    private async Task<PolicyDecision> DecideAsync(
        ToolCallRequest request, JsonElement arguments, bool isApproved, CancellationToken cancellationToken)
    {
        Policy policy = policies.Current;
        string root = request.Lineage.Root.Id;
        if (policy.ReadsPlan)
        {
            IReadOnlyList<PlanItem> plan = await plans.GetAsync(request.Context.RunId, cancellationToken).ConfigureAwait(false);
            request = request with { PlanStep = plan.FirstOrDefault(static item => !item.Done)?.Text };
        }

        bool enters = policies.IsConfigured && request.Tool.Effect != ToolEffect.None;
        DateTimeOffset now = time.GetUtcNow();
        PastCall? ToEnter(PolicyDecision decision) => enters && (decision.Verdict == PolicyVerdict.Allow
            || (isApproved && decision.Verdict == PolicyVerdict.Ask)) ? Past(request, decision, now) : null;
        if (policy.ReadsHistory)
        {
            return await history.DecideAsync(
                root, calls => policy.Decide(request.Action(arguments, calls, now)), ToEnter, cancellationToken).ConfigureAwait(false);
        }

        PolicyDecision decision = policy.Decide(request.Action(arguments, [], now));
        if (ToEnter(decision) is { } call)
        {
            await history.EnterAsync(root, call, cancellationToken).ConfigureAwait(false);
        }

        return decision;
    }

    private async Task<ToolCallRuling> AllowAsync(
        ToolCallRequest request, PolicyDecision decision, string? approvalId, CancellationToken cancellationToken)
    {
        if (Prepare(request, decision, out ToolOutcome? refusal) is not { } call)
        {
            return new ToolCallRuling { Refusal = refusal, Decision = decision, ApprovalId = approvalId };
        }

        if (request.Tool.Effect != ToolEffect.None)
        {
            AuditEntry entry = Entry(AuditTypes.CallDecided, request) with { ApprovalId = approvalId };
            await audit.AppendAsync(Decided(entry, request, decision, decision.Arguments ?? request.Arguments), cancellationToken)
                .ConfigureAwait(false);
        }

        return new ToolCallRuling { Call = call, Decision = decision, ApprovalId = approvalId };
    }

    private async Task<ToolCallRuling> RefuseAsync(
        ToolCallRequest request, JsonElement arguments, PolicyDecision decision, ErrorCode code, string? approvalId, CancellationToken cancellationToken,
        bool hadBegun = false)
    {
        AuditEntry entry = Entry(AuditTypes.CallDecided, request) with { ApprovalId = approvalId };
        await audit.AppendAsync(Decided(entry, request, decision, arguments), cancellationToken).ConfigureAwait(false);
        string reason = decision.Reason is null ? "" : $": {decision.Reason}";
        return new ToolCallRuling
        {
            Refusal = hadBegun
                ? ToolOutcome.Failed(
                    ErrorCode.ToolOutcomeUnknown,
                    $"the call of '{request.Tool.Name}' was cut off, so that its outcome is unknown, and it is not made again (rule '{decision.Rule}'){reason}.")
                : ToolOutcome.Failed(code, $"the call of '{request.Tool.Name}' was not allowed (rule '{decision.Rule}'){reason}. Nothing was done."),
            Decision = decision,
            ApprovalId = approvalId,
        };
    }

    private async Task<ToolCallRuling> AskAsync(ToolCallRequest request, PolicyDecision decision, CancellationToken cancellationToken)
    {
        ToolContext context = request.Context;
        Approval approval = Question(
            request, CallHash.ApprovalId(context.RunId, context.Turn, context.Call), decision.Rule, decision.Reason, decision.Approval!);
        return Waiting(await approvals.RequestAsync(approval, cancellationToken).ConfigureAwait(false), decision);
    }

    private Approval Question(ToolCallRequest request, string id, string rule, string? reason, ApprovalTerms terms) => new()
    {
        Id = id,
        RunId = request.Context.RunId,
        RootId = request.Lineage.Root.Id,
        Turn = request.Context.Turn,
        Call = request.Context.Call,
        Tool = request.Tool.Name,
        Effect = request.Tool.Effect,
        Risk = policies.Current.RiskOf(request.Action(request.Arguments, [], time.GetUtcNow())),
        Arguments = JsonElement.Parse(redactor.Redact(request.Arguments.GetRawText())),
        CallHash = HashOf(request),
        Group = CallHash.Group(rule, request.Agent.Name, request.Tool.Name, request.Arguments),
        Requester = request.Lineage.Root.Requester,
        Chain = request.Lineage.Chain,
        Goal = request.Run.Goal,
        Rule = rule,
        Reason = reason,
        Terms = terms,
        CreatedAt = time.GetUtcNow(),
    };

    private static ToolCallRuling Waiting(Approval approval, PolicyDecision? decision) => new()
    {
        Wait = new ToolCallWait("approval", approval.Id, approval.EventName, ApprovalGate.NextLook(approval)),
        Decision = decision,
        ApprovalId = approval.Id,
    };

    /// <summary>The call with the arguments and limits that were decided; what a rule or a person put in is checked like the model's.</summary>
    private static ToolCall? Prepare(ToolCallRequest request, PolicyDecision? decision, out ToolOutcome? refusal)
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

    private static string HashOf(ToolCallRequest request) => CallHash.Of(
        request.Context.RunId, request.Context.Turn, request.Context.Call, request.Tool.Name, request.Arguments);

    private static PastCall Past(ToolCallRequest request, PolicyDecision? decision, DateTimeOffset at) =>
        new(request.Context.RunId, request.Context.Turn, request.Context.Call, request.Tool.Name, request.Tool.Effect, at)
        {
            Hosts = HostNames.Of(decision?.Arguments ?? request.Arguments),
            DataLabels = decision?.DataLabels ?? [],
        };

    private AuditEntry Decided(AuditEntry entry, ToolCallRequest request, PolicyDecision decision, JsonElement arguments) => entry with
    {
        Verdict = decision.Verdict,
        Rule = decision.Rule,
        PolicyHash = decision.PolicyHash,
        Reason = decision.Reason ?? entry.Reason,
        ArgumentsHash = CanonicalJson.Hash(arguments),
        Arguments = Preview.Of(redactor.Redact(arguments.GetRawText()), AuditTextLimit),
    };

    private static AuditEntry Entry(string type, ToolCallRequest request) => new(type)
    {
        RunId = request.Context.RunId,
        RootId = request.Lineage.Root.Id,
        Turn = request.Context.Turn,
        Call = request.Context.Call,
        Requester = request.Lineage.Root.Requester,
        Agent = request.Agent.Name,
        DefinitionHash = request.Run.DefinitionHash,
        Chain = request.Lineage.Chain,
        Tool = request.Tool.Name,
        Effect = request.Tool.Effect,
    };
}
