using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Swarm;

/// <summary>Ends sub-agents that did not end when they were told to: held ones, for instance, which hear nothing.</summary>
internal sealed class EndChildrenActivity(IOrchestrationClient orchestrations, RunStore runs)
{
    public async Task<bool> RunAsync(ActivityContext context, EndChildrenInput input)
    {
        foreach (string runId in input.RunIds)
        {
            await EndAsync(runId, context.CancellationToken).ConfigureAwait(false);

            // Each by its id too: the records know of every sub-agent, a backend's own view of who is below whom may lag.
            await foreach (RunRecord below in runs.ListDescendantsAsync(runId, context.CancellationToken).ConfigureAwait(false))
            {
                await EndAsync(below.Id, context.CancellationToken).ConfigureAwait(false);
            }
        }

        return true;
    }

    private async Task EndAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.TerminateAsync(runId, null, recursive: true, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // It is gone.
        }
    }
}
