using System.Text.Json;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Activities;

/// <summary>Tells those who follow a run that it has ended: the journal, the audit log, and whoever waits for its place.</summary>
internal sealed class NotifyActivity(
    RunStore runs, Journal journal, ApprovalGate approvals, AuditLog audit, Redactor redactor, IOrchestrationClient orchestrations,
    RunQueue queue, ReviewGate reviews, TimeProvider time)
{
    public async Task<bool> RunAsync(ActivityContext context, NotifyInput input)
    {
        RunRecord run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        RunOutcome outcome = input.Outcome;
        var ended = new JournalEvent(JournalEventTypes.RunEnded, time.GetUtcNow())
        {
            Turn = outcome.State.Turns,
            Code = JsonNamingPolicy.CamelCase.ConvertName(outcome.Status.ToString()),
            Text = outcome.Message,
            IsError = outcome.Status == RunStatus.Completed ? null : true,
            Usage = outcome.State.Usage,
        };
        if (await journal.AppendIfMissingAsync(run.Id, ended, context.CancellationToken).ConfigureAwait(false))
        {
            AgentTelemetry.RunEnded(run, ended.Code);
        }

        await approvals.WithdrawAsync(run.Id, context.CancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(AuditTypes.RunEnded)
            {
                RunId = run.Id,
                Agent = run.Agent,
                Requester = run.Requester,
                Failed = outcome.Status == RunStatus.Completed ? null : true,
                Reason = redactor.Redact($"{ended.Code}{(outcome.Message is null ? "" : $": {outcome.Message}")}"),
            },
            context.CancellationToken).ConfigureAwait(false);
        await reviews.LeaveAsync(run, context.CancellationToken).ConfigureAwait(false);
        if (run.Parent is null)
        {
            await queue.LeaveAsync(run.Id, context.CancellationToken).ConfigureAwait(false);
        }

        if (run.CallbackUrl is not null)
        {
            await PostCallbackAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        }

        if (input.EndsSteps)
        {
            // The end of the instance cancels this very activity's token too.
            await orchestrations.TerminateAsync(run.Id, outcome, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Leaves the callback to an orchestration of its own: however long its receiver is away, the run has ended.</summary>
    private async Task PostCallbackAsync(RunRecord run, RunOutcome outcome, CancellationToken cancellationToken)
    {
        var input = new CallbackInput(run.Id, outcome.State.Turns, outcome.Status)
        {
            Code = outcome.Code,
            Message = redactor.Redact(outcome.Message),
        };
        try
        {
            await orchestrations.ScheduleAsync(
                CallbackFlow.Name, input, new StartOptions { InstanceId = $"callback.{run.Id}.{outcome.State.Turns}" }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // A pass before a crash scheduled it.
        }
    }
}
