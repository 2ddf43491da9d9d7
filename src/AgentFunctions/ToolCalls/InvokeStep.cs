using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Makes a call. One that a crash cut off is asked about, repeated if that is safe, else reported as unknown; work that runs
/// elsewhere is looked at.
/// </summary>
internal sealed class InvokeStep(ToolInvoker invoker, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        ToolCall call = state.Call!;
        ToolOutcome? outcome = state.Phase == ToolCallPhase.Resumed
            || state is { Phase: ToolCallPhase.Answered, Known.GoesOn: true }
            ? await ResumeAsync(call, state.Entry!.StartedAt, cancellationToken).ConfigureAwait(false)
            : await StartAsync(call, cancellationToken).ConfigureAwait(false);
        return outcome is null
            ? new CallOutcome.Waiting(NextLook(state, call), LedgerState.Started)
            : new CallOutcome.Completed(outcome);
    }

    /// <summary>Makes a call.</summary>
    /// <returns>
    /// Its outcome; <see langword="null"/> for a job that goes on, which the first look tells about even if the answer to its
    /// start was lost.
    /// </returns>
    private async Task<ToolOutcome?> StartAsync(ToolCall call, CancellationToken cancellationToken)
    {
        (ToolOutcome outcome, bool isDone) = await invoker.StartAsync(call, cancellationToken).ConfigureAwait(false);
        return call.Tool.Job is { } job && !isDone
            && (!outcome.IsError || (!job.IsPlainUntilStarted
                && outcome.Code is (ErrorCode.ToolTimeout or ErrorCode.ToolOutcomeUnknown)))
            ? null
            : outcome;
    }

    private async Task<ToolOutcome?> ResumeAsync(ToolCall call, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        Reconciliation found = await invoker.ReconcileAsync(call, cancellationToken).ConfigureAwait(false);
        return found.Verdict switch
        {
            ReconciliationVerdict.Unknown when call.Tool.Job is { UnknownAtOnce: true } =>
                UnknownOutcome.Of(call.Tool.Name, found.Result as string),
            ReconciliationVerdict.StillRunning or ReconciliationVerdict.Unknown
                when call.Tool.Job is { } job
                    && (found.Verdict == ReconciliationVerdict.StillRunning || !job.IsPlainUntilStarted) =>
                time.GetUtcNow() - startedAt < job.Timeout
                    ? null
                    : UnknownOutcome.Of(call.Tool.Name, $"It was given up after {job.Timeout}."),
            ReconciliationVerdict.DidNotTakeEffect when call.Tool.Job is { } job && time.GetUtcNow() - startedAt >= job.Timeout =>
                UnknownOutcome.Of(call.Tool.Name, $"It was given up after {job.Timeout}."),
            ReconciliationVerdict.StillRunning => UnknownOutcome.Of(call.Tool.Name),
            ReconciliationVerdict.TookEffect =>
                await ToolInvoker.ToOutcomeAsync(call, found.Result, cancellationToken).ConfigureAwait(false),
            ReconciliationVerdict.Unknown when call.Tool.Effect == ToolEffect.NotIdempotent => UnknownOutcome.Of(call.Tool.Name),
            _ => await StartAsync(call, cancellationToken).ConfigureAwait(false),
        };
    }

    private ToolCallWait NextLook(ToolCallState state, ToolCall call)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset look = now + call.Tool.Job!.PauseAt(now - state.Entry!.StartedAt, call.Context.Features.Get<NextLook>());
        string eventName = ToolCallWait.JobEvent(state.Input.Turn, state.Input.Call);
        return call.Tool.IsClient
            ? new ToolCallWait(RunWaiting.Caller, call.Context.IdempotencyKey, eventName, look)
            {
                Deadline = state.Entry.StartedAt + call.Tool.Job.Deadline,
            }
            : new ToolCallWait(ToolCallWait.Job, call.Tool.Name, eventName, look);
    }
}
