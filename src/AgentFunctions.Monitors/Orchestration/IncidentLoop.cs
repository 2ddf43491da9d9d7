using AgentFunctions.Durability;
using AgentFunctions.Monitors.Incidents;

namespace AgentFunctions.Monitors.Orchestration;

/// <summary>
/// Watches over one opening of an incident: tells people at its opening, again and others later while nobody takes it up,
/// and all of them at its end. A receiver that is down delays nobody else.
/// </summary>
internal sealed class IncidentLoop
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = MonitorOrchestratorNames.WatchIncident;

    /// <summary>After so many messages the watch continues as new.</summary>
    private const int MessagesPerExecution = 40;

    private readonly IOrchestrationContext _context;
    private readonly List<Task> _deliveries = [];
    private Task<IncidentNews> _news;
    private IncidentWatch _watch;

    private IncidentLoop(IOrchestrationContext context, IncidentWatch watch)
    {
        _context = context;
        _watch = watch with { OpenedAt = watch.OpenedAt ?? context.CurrentTime };
        _news = Listen();
    }

    /// <summary>The instance id of the watch over one opening.</summary>
    public static string InstanceIdOf(string incidentId, int opening) => $"incident-{incidentId}-{opening}";

    /// <summary>Runs the watch; true where the incident is over, false where the watch continues as new.</summary>
    public static async Task<bool> RunAsync(IOrchestrationContext context, IncidentWatch watch)
    {
        var loop = new IncidentLoop(context, watch);
        if (await loop.RunAsync())
        {
            return true;
        }

        context.ContinueAsNew(loop._watch);
        return false;
    }

    private async Task<bool> RunAsync()
    {
        while (true)
        {
            DateTimeOffset? next = NextAt();
            if (await WaitAsync(next))
            {
                IncidentNews news = await _news;
                _news = Listen();
                _watch = _watch with { IsAcknowledged = _watch.IsAcknowledged || news.State == IncidentState.Acknowledged };
                if (news.State == IncidentState.Resolved)
                {
                    Tell(NotificationKind.Resolved, _watch.Told, $"Resolved by {news.By}.");
                    await Task.WhenAll(_deliveries);
                    return true;
                }
            }
            else if (next == StepAt())
            {
                Escalate();
            }
            else
            {
                Remind();
            }

            if (_deliveries.Count >= MessagesPerExecution && _deliveries.TrueForAll(delivery => delivery.IsCompleted)
                && !_news.IsCompleted)
            {
                return false;
            }
        }
    }

    private Task<IncidentNews> Listen() => _context.WaitForExternalEventAsync<IncidentNews>(MonitorEvents.Incident);

    /// <summary>When the next step is to be taken; none once somebody has taken the incident up.</summary>
    private DateTimeOffset? StepAt() =>
        !_watch.IsAcknowledged && _watch.Taken < _watch.Steps.Count ? _watch.OpenedAt + _watch.Steps[_watch.Taken].After : null;

    private DateTimeOffset? NextAt()
    {
        DateTimeOffset? step = StepAt();
        DateTimeOffset? reminder = _watch.IsAcknowledged ? null : _watch.RemindAt;
        return step is null || reminder < step ? reminder : step;
    }

    /// <summary>Waits for a moment; true where news came first.</summary>
    private async Task<bool> WaitAsync(DateTimeOffset? until)
    {
        if (_news.IsCompleted || (until is { } past && past <= _context.CurrentTime))
        {
            return _news.IsCompleted;
        }

        using var over = new CancellationTokenSource();
        Task timer = until is { } moment ? _context.CreateTimerAsync(moment, over.Token) : new TaskCompletionSource().Task;
        await Task.WhenAny(_news, timer);
        if (!timer.IsCompleted)
        {
            over.Cancel();
        }

        return _news.IsCompleted;
    }

    private void Escalate()
    {
        EscalationStep step = _watch.Steps[_watch.Taken];
        bool isFirst = _watch.Told.Count == 0;
        _watch = _watch with
        {
            Taken = _watch.Taken + 1,
            RemindAt = _context.CurrentTime + step.RemindEvery,
            Told = [.. _watch.Told.Union(step.Notify, StringComparer.Ordinal)],
        };
        NotificationKind kind = !isFirst ? NotificationKind.Escalated
            : _watch.Opening > 1 ? NotificationKind.Reopened
            : NotificationKind.Opened;
        Tell(kind, step.Notify, isFirst ? _watch.Title : $"Nobody has taken it up for {step.After}: {_watch.Title}");
    }

    private void Remind()
    {
        EscalationStep step = _watch.Steps[_watch.Taken - 1];
        _watch = _watch with { RemindAt = _context.CurrentTime + step.RemindEvery };
        Tell(NotificationKind.Reminder, step.Notify, $"Still open: {_watch.Title}");
    }

    private void Tell(NotificationKind kind, IReadOnlyList<string> channels, string text)
    {
        _watch = _watch with { Sequence = _watch.Sequence + 1 };
        var notification = new Notification
        {
            Id = $"{_watch.IncidentId}-{_watch.Opening}-{_watch.Sequence}",
            Kind = kind,
            Incident = _watch.IncidentId,
            Monitor = _watch.Monitor,
            Title = _watch.Title,
            Severity = _watch.Severity,
            Priority = _watch.Priority,
            Text = text,
            At = _context.CurrentTime,
        };
        _deliveries.AddRange(channels.Select(channel => DeliverAsync(channel, notification)));
    }

    private async Task DeliverAsync(string channel, Notification notification)
    {
        try
        {
            await _context.CallActivityAsync<bool>(
                MonitorStepNames.NotifyIncident, new NotifyIncidentInput(channel, notification), MonitorSteps.DeliveryOptions);
        }
        catch (TaskFailedException e)
        {
            await _context.CallActivityAsync<bool>(
                MonitorStepNames.DeadLetter, new DeadLetterInput(channel, notification, e.Failure.Cause().Message),
                MonitorSteps.Options);
        }
    }
}
