using AgentFunctions.Durability;
using AgentFunctions.Loop;

namespace AgentFunctions.Swarm;

/// <summary>Ends sub-agents that did not end when they were told to: held ones, for instance, which hear nothing.</summary>
internal sealed class EndChildrenActivity(IOrchestrationClient orchestrations)
{
    public async Task<bool> RunAsync(ActivityContext context, EndChildrenInput input)
    {
        foreach (string runId in input.RunIds)
        {
            try
            {
                await orchestrations.TerminateAsync(runId, null, recursive: true, context.CancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
            {
                // It is gone.
            }
        }

        return true;
    }
}
