using System.Text.Json;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.ToolCalls;

/// <summary>Asks the policy about a call, and enters a call with effects in the history in the same stroke.</summary>
internal sealed class PolicyDecider(PolicySource policies, CallHistory history, PlanStore plans, Redactor redactor,
    TimeProvider time)
{
    /// <summary>Decides about a call.</summary>
    /// <param name="request">The call.</param>
    /// <param name="arguments">The arguments that it would be made with.</param>
    /// <param name="isApproved">Whether a person approved it, so that a rule that asks one is answered.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<PolicyDecision> DecideAsync(
        ToolCallRequest request, JsonElement arguments, bool isApproved, CancellationToken cancellationToken)
    {
        Policy policy = policies.Current;
        string root = request.Lineage.Root.Id;
        if (policy.ReadsCalls)
        {
            request = request with { HidesBlock = ApprovalView.HidesBlock(arguments, redactor) };
        }

        if (policy.ReadsPlan)
        {
            IReadOnlyList<PlanItem> plan = await plans.GetAsync(request.Context.RunId, cancellationToken).ConfigureAwait(false);
            request = request with { PlanStep = plan.FirstOrDefault(static item => !item.Done)?.Text };
        }

        bool enters = policies.IsConfigured && (request.Tool.Effect != ToolEffect.None || request.Tool.AsksPeople);
        DateTimeOffset now = time.GetUtcNow();
        PastCall? ToEnter(PolicyDecision decision) => enters && (decision.Verdict == PolicyVerdict.Allow
            || (isApproved && decision.Verdict == PolicyVerdict.Ask)) ? PastCalls.Of(request, decision, now) : null;
        if (policy.ReadsHistory)
        {
            return await history.DecideAsync(
                root, new CallHistory.CallPlace(request.Context.RunId, request.Context.Turn, request.Context.Call),
                calls =>
                {
                    Limit(request, policy, arguments, calls, isApproved);
                    return policy.Decide(request.Action(arguments, calls, now));
                },
                ToEnter, cancellationToken).ConfigureAwait(false);
        }

        Limit(request, policy, arguments, [], isApproved);
        PolicyDecision decision = policy.ReadsCalls
            ? policy.Decide(request.Action(arguments, [], now))
            : policy.DecideByTool(request.Tool, request.Effect);
        if (ToEnter(decision) is { } call)
        {
            await history.EnterAsync(root, call, cancellationToken).ConfigureAwait(false);
        }

        return decision;
    }

    /// <summary>Keeps a call that was decided before a crash, and reads many files, from those that a rule forbids.</summary>
    /// <param name="request">The call.</param>
    public void LimitResumed(ToolCallRequest request) =>
        Limit(request, policies.Current, request.Arguments, [], isApproved: true);

    private void Limit(ToolCallRequest request, Policy policy, JsonElement arguments, IReadOnlyList<PastCall> calls,
        bool isApproved)
    {
        if (policy.ReadsArguments && request.Tool.Uses is not null)
        {
            request.Context.Files = new PolicyFileJudge(policy,
                request.Action(arguments, [.. calls], time.GetUtcNow())).Filter(isApproved);
        }
    }
}
