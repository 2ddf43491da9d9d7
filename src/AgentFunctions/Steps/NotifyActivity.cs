using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Tells those who follow a run that it has ended: the journal, the rooms that hold something for it, the audit log, its callback.</summary>
internal sealed class NotifyActivity(
    RunStore runs, RunEndLog log, IEnumerable<IRunEndObserver> observers, IOrchestrationClient orchestrations, Redactor redactor, TimeProvider time)
{
    public async Task<bool> RunAsync(ActivityContext context, NotifyInput input)
    {
        RunRecord run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        RunOutcome outcome = input.Outcome;
        await log.JournalAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        foreach (IRunEndObserver observer in observers)
        {
            await observer.RunEndedAsync(run, context.CancellationToken).ConfigureAwait(false);
        }

        await log.AuditAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
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
            At = time.GetUtcNow(),
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
