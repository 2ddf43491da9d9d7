using System.Diagnostics;
using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.ToolCalls;

/// <summary>Traces a call and measures how long its tool took.</summary>
internal sealed class TelemetryStep(RunStore runs, Redactor redactor, IOptions<TelemetryOptions> telemetry) : IToolCallStep
{
    private const string Name = "execute_tool";

    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        // Started here, not in a method of its own that is awaited: what is called within must find it as the present one.
        using Activity? span = Start(state, await FindAsync(state, cancellationToken).ConfigureAwait(false));
        try
        {
            CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
            if (outcome is CallOutcome.Completed completed && state.IsResolved)
            {
                AgentTelemetry.ToolCalled(state.Request.Asked.Name, completed.Outcome, completed.Took);
            }

            Describe(span, outcome);
            return outcome;
        }
        catch (Exception e)
        {
            span?.SetTag("error.type", (e as AgentException)?.Code.ToString() ?? e.GetType().FullName)
                .SetStatus(ActivityStatusCode.Error);
            throw;
        }
        finally
        {
            // Which tool it is and what was decided, the steps within find out.
            Describe(span, state);
        }
    }

    private async Task<RunRecord?> FindAsync(ToolCallState state, CancellationToken cancellationToken) =>
        RunTrace.IsOn && state.HasRun
        ? await runs.FindAsync(state.Input.RunId, cancellationToken).ConfigureAwait(false)
        : null;

    private static Activity? Start(ToolCallState state, RunRecord? run)
    {
        Activity? span = run is null ? RunTrace.Start(Name) : RunTrace.Start(Name, Name, ActivityKind.Internal, run);
        return span?.SetTag("gen_ai.operation.name", Name)
            .SetTag("gen_ai.tool.type", "function")
            .SetTag("gen_ai.conversation.id", state.Input.RunId)
            .SetTag("agentfunctions.turn", state.Input.Turn)
            .SetTag("agentfunctions.call", state.Input.Call);
    }

    private void Describe(Activity? span, CallOutcome outcome)
    {
        switch (outcome)
        {
            case CallOutcome.Completed { Outcome: var told }:
                span?.SetTag("agentfunctions.outcome", "completed");
                if (told.IsError)
                {
                    span?.SetTag("error.type", told.Code?.ToString()).SetStatus(ActivityStatusCode.Error);
                }

                if (span is { IsAllDataRequested: true } && telemetry.Value.MessageContent)
                {
                    span.SetTag("gen_ai.tool.call.result", SpanContent.Cut(redactor.Redact(told.Text)));
                }

                break;
            case CallOutcome.Waiting { For.Kind: var kind }:
                span?.SetTag("agentfunctions.outcome", "waiting").SetTag("agentfunctions.waits_for", kind);
                break;
            case CallOutcome.Delegated:
                span?.SetTag("agentfunctions.outcome", "delegated");
                break;
        }
    }

    private void Describe(Activity? span, ToolCallState state)
    {
        if (span is null || state.Asked is not { } asked)
        {
            return;
        }

        span.DisplayName = $"{Name} {asked.Name}";
        span.SetTag("gen_ai.tool.name", asked.Name)
            .SetTag("gen_ai.tool.call.id", asked.CallId)
            .SetTag("agentfunctions.attempt", 1 + (state.Entry?.Repeats ?? state.Known?.Repeats ?? 0))
            .SetTag("agentfunctions.phase", state.Phase.ToString())
            .SetTag("agentfunctions.policy.verdict", state.Decision?.Verdict.ToString())
            .SetTag("agentfunctions.policy.rule", state.Decision?.Rule)
            .SetTag("agentfunctions.policy.hash", state.Decision?.PolicyHash)
            .SetTag("agentfunctions.approval.id", state.ApprovalId)
            .SetTag("agentfunctions.approval.state", state.Approval?.State.ToString());
        if (state.IsResolved)
        {
            span.SetTag("gen_ai.agent.name", state.Request.Run.Agent)
                .SetTag("agentfunctions.effect", state.Request.Effect.ToString());
        }

        if (span.IsAllDataRequested && telemetry.Value.MessageContent)
        {
            span.SetTag("gen_ai.tool.call.arguments", SpanContent.Cut(redactor.Redact(ModelConventions.ArgumentsText(asked))));
        }
    }
}
