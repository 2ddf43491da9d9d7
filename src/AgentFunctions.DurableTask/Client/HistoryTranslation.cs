using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using DurableTask.Core;
using DurableTask.Core.History;
using CoreFailure = DurableTask.Core.FailureDetails;
using CoreHistoryEvent = DurableTask.Core.History.HistoryEvent;
using FailureDetails = AgentFunctions.Durability.FailureDetails;
using HistoryEvent = AgentFunctions.Durability.HistoryEvent;
using OrchestrationStatus = DurableTask.Core.OrchestrationStatus;

namespace AgentFunctions.DurableTask.Client;

/// <summary>Durable Task's recorded events as this library's. Its own bookkeeping has no counterpart.</summary>
internal static class HistoryTranslation
{
    public static HistoryEvent? Of(CoreHistoryEvent recorded)
    {
        var at = new DateTimeOffset(DateTime.SpecifyKind(recorded.Timestamp, DateTimeKind.Utc));
        return recorded switch
        {
            ExecutionStartedEvent e => new ExecutionStarted(
                at, e.Name, e.OrchestrationInstance?.ExecutionId ?? "", e.Input,
                e.ParentInstance?.OrchestrationInstance?.InstanceId,
                e.ScheduledStartTime is { } start ? new DateTimeOffset(DateTime.SpecifyKind(start, DateTimeKind.Utc)) : null),
            OrchestratorStartedEvent => new TurnStarted(at),
            TaskScheduledEvent e => new TaskScheduled(at, e.EventId, e.Name ?? "", e.Input),
            TaskCompletedEvent e => new TaskCompleted(at, e.TaskScheduledId, e.Result),
            TaskFailedEvent e => new TaskFailed(at, e.TaskScheduledId, Of(e.FailureDetails, e.Reason)),
            SubOrchestrationInstanceCreatedEvent e => new SubOrchestrationCreated(at, e.EventId, e.Name, e.InstanceId, e.Input),
            SubOrchestrationInstanceCompletedEvent e => new SubOrchestrationCompleted(at, e.TaskScheduledId, e.Result),
            SubOrchestrationInstanceFailedEvent e =>
                new SubOrchestrationFailed(at, e.TaskScheduledId, Of(e.FailureDetails, e.Reason)),
            TimerCreatedEvent e =>
                new TimerCreated(at, e.EventId, new DateTimeOffset(DateTime.SpecifyKind(e.FireAt, DateTimeKind.Utc))),
            TimerFiredEvent e => new TimerFired(at, e.TimerId),
            EventRaisedEvent e => new EventRaised(at, e.Name ?? "", e.Input),
            EventSentEvent e => new EventSent(at, e.EventId, e.InstanceId, e.Name, e.Input),
            ExecutionSuspendedEvent e => new ExecutionSuspended(at, e.Reason),
            ExecutionResumedEvent e => new ExecutionResumed(at, e.Reason),
            ExecutionTerminatedEvent e => new ExecutionTerminated(at, e.Input),
            ContinueAsNewEvent => null,
            ExecutionCompletedEvent { OrchestrationStatus: OrchestrationStatus.Failed } e =>
                new ExecutionFailed(at, Of(e.FailureDetails, e.Result)),
            ExecutionCompletedEvent e => new ExecutionCompleted(at, e.Result),
            _ => null,
        };
    }

    private static FailureDetails Of(CoreFailure? failure, string? reason) =>
        failure is null ? DurableFailure.Read(reason ?? "The backend kept no details.", "Unknown") : DurableFailure.Read(failure);
}
