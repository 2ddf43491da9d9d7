using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Governance.Approvals;

namespace AgentFunctions.Gateway;

/// <summary>Measures how long the oldest run waits to begin and the oldest question waits for a person: what alerts look at.</summary>
internal sealed class WaitingTimes(IOrchestrationClient orchestrations, RunQueue queue, ApprovalService approvals, TimeProvider time)
{
    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset queued = await queue.OldestAsync(cancellationToken).ConfigureAwait(false) ?? now;
        var query = new OrchestrationQuery { Statuses = [OrchestrationStatus.Pending], CreatedTo = now, PageSize = 1_000 };
        Page<OrchestrationState> page;
        do
        {
            page = await orchestrations.QueryAsync(query, cancellationToken).ConfigureAwait(false);
            queued = page.Items.Select(static state => state.CreatedAt).Append(queued).Min();
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (page.ContinuationToken is not null);

        DateTimeOffset asked = (await approvals.ListAsync(null, cancellationToken).ConfigureAwait(false))
            .Select(static approval => approval.CreatedAt).Append(now).Min();
        AgentTelemetry.Waiting(now - queued, now - asked);
    }
}
