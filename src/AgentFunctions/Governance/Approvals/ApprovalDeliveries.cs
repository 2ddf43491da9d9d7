using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Tells people of approvals, over every way that leads to them.</summary>
internal sealed class ApprovalDeliveries(
    IEnumerable<IApprovalNotifier> notifiers, ApprovalChannels channels, IEnumerable<IRunAskObserver> observers,
    Redactor redactor,
    ILogger<ApprovalDeliveries> log, TimeProvider time)
{
    /// <summary>Tells those who may decide.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Each attempt, those that failed too.</returns>
    public async Task<HumanTaskDelivery[]> TellAsync(Approval approval, CancellationToken cancellationToken)
    {
        if (approval.Reminders == 0)
        {
            foreach (IRunAskObserver observer in observers)
            {
                await observer.AskedAsync(approval.RunId, approval.Id, cancellationToken).ConfigureAwait(false);
            }
        }

        HumanTaskDelivery?[] tries = await Task.WhenAll(notifiers.Concat(channels.For(approval))
            .Select(notifier => TellAsync(notifier, approval, cancellationToken))).ConfigureAwait(false);
        return [.. tries.OfType<HumanTaskDelivery>()];
    }

    /// <summary>Tells those who were asked that nothing is left to decide.</summary>
    /// <param name="closed">The approval.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task TellAgainAsync(Approval closed, CancellationToken cancellationToken) => Task.WhenAll(
        channels.For(closed).Where(channel => closed.ToldTo.Contains(((ApprovalChannel)channel).Name))
            .Select(channel => TellAsync(channel, closed, cancellationToken)));

    /// <summary>One attempt; <see langword="null"/> if the way leads to nobody of these roles.</summary>
    private async Task<HumanTaskDelivery?> TellAsync(IApprovalNotifier notifier, Approval approval,
        CancellationToken cancellationToken)
    {
        try
        {
            return await notifier.NotifyAsync(ApprovalView.Of(approval, redactor), cancellationToken)
                .ConfigureAwait(false) is { } who
                ? new HumanTaskDelivery(who, time.GetUtcNow())
                : null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A channel that is down tells nobody, which is what escalation goes by.
            string channel = (notifier as ApprovalChannel)?.Name ?? notifier.GetType().Name;
            ApprovalLog.ApprovalNotTold(log, approval.Id, channel, e.Message);
            return new HumanTaskDelivery(channel, time.GetUtcNow(), e.Message);
        }
    }
}
