using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Gateway;

/// <summary>
/// Measures how long the oldest run has waited to begin, and the oldest approval or question for a person, for alerts. One timer
/// of all instances of a host calls it, for example every five minutes.
/// </summary>
public sealed class WaitingTimes
{
    private readonly IOrchestrationClient _orchestrations;
    private readonly RunQueue _queue;
    private readonly ApprovalService _approvals;
    private readonly QuestionService _questions;
    private readonly TimeProvider _time;

    internal WaitingTimes(IOrchestrationClient orchestrations, RunQueue queue, ApprovalService approvals,
        QuestionService questions, TimeProvider time) =>
        (_orchestrations, _queue, _approvals, _questions, _time) = (orchestrations, queue, approvals, questions, time);

    /// <summary>Records both times as metrics of the meter <c>AgentFunctions</c>.</summary>
    /// <param name="cancellationToken">The token to cancel the measurement.</param>
    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset queued = await _queue.OldestAsync(cancellationToken).ConfigureAwait(false) ?? now;
        var query = new OrchestrationQuery { Statuses = [OrchestrationStatus.Pending], CreatedTo = now, PageSize = 1_000 };
        Page<OrchestrationState> page;
        do
        {
            page = await _orchestrations.QueryAsync(query, cancellationToken).ConfigureAwait(false);
            queued = page.Items.Select(static state => state.CreatedAt).Append(queued).Min();
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (page.ContinuationToken is not null);

        DateTimeOffset asked = (await _approvals.ListAsync(null, cancellationToken).ConfigureAwait(false))
            .Select(static approval => approval.CreatedAt)
            .Concat((await _questions.ListPendingAsync(null, cancellationToken)
                .ConfigureAwait(false)).Select(static question => question.CreatedAt))
            .Append(now).Min();
        AgentTelemetry.Waiting(now - queued, now - asked);
    }
}
