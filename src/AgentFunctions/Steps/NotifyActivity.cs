using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>
/// Tells those who follow a run that it has ended: the journal, the rooms that hold something for it, the audit log, its
/// receivers.
/// </summary>
internal sealed class NotifyActivity(
    RunStore runs, RunEndLog log, IEnumerable<IRunEndObserver> observers, IOrchestrationClient orchestrations,
    RunReceivers receivers)
{
    public async Task<bool> RunAsync(ActivityContext context, NotifyInput input)
    {
        RunRecord run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        RunOutcome outcome = input.Outcome;
        await log.JournalAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        foreach (IRunEndObserver observer in observers)
        {
            await observer.RunEndedAsync(run, outcome.Status, context.CancellationToken).ConfigureAwait(false);
        }

        await log.AuditAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        await receivers.EndedAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        if (input.EndsSteps)
        {
            // The end of the instance cancels this very activity's token too.
            await orchestrations.TerminateAsync(run.Id, outcome, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }
}
