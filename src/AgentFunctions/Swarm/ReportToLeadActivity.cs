using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Steps;

namespace AgentFunctions.Swarm;

/// <summary>
/// The end of a sub-agent: told to those who follow it, as with any run, and entered as the outcome of its lead's call where
/// it is one. The loop tells the lead only then, so whoever hears of the end finds the result.
/// </summary>
internal sealed class ReportToLeadActivity(NotifyActivity notify, IOrchestrationClient orchestrations, LeadAnswers answers)
{
    public async Task<ReportResult> RunAsync(ActivityContext context, NotifyInput input)
    {
        await notify.RunAsync(context, input with { EndsSteps = false }).ConfigureAwait(false);
        int bytes = await answers.EnterAsync(input, context.CancellationToken).ConfigureAwait(false);
        if (input.EndsSteps)
        {
            // The loop will not come to it: its instance ends with the steps that it has left, and this very activity's token.
            await orchestrations.RaiseEventAsync(
                input.Outcome.State.Lead!.RunId, ChildEnded.EventName, ChildEnded.Of(input.RunId, input.Outcome, bytes),
                CancellationToken.None)
                .ConfigureAwait(false);
            await orchestrations.TerminateAsync(input.RunId, input.Outcome, cancellationToken: CancellationToken.None)
                .ConfigureAwait(false);
        }

        return new ReportResult(bytes);
    }
}
