using System.Text.Json.Serialization;

namespace AgentFunctions.Durability;

/// <summary>
/// Represents an event of an instance's history, which is all that a replay needs. Members are only added: histories of earlier
/// versions stay readable.
/// </summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$t")]
[JsonDerivedType(typeof(ExecutionStarted), "start")]
[JsonDerivedType(typeof(TurnStarted), "turn")]
[JsonDerivedType(typeof(TaskScheduled), "act")]
[JsonDerivedType(typeof(TaskCompleted), "act+")]
[JsonDerivedType(typeof(TaskFailed), "act-")]
[JsonDerivedType(typeof(SubOrchestrationCreated), "sub")]
[JsonDerivedType(typeof(SubOrchestrationCompleted), "sub+")]
[JsonDerivedType(typeof(SubOrchestrationFailed), "sub-")]
[JsonDerivedType(typeof(TimerCreated), "tmr")]
[JsonDerivedType(typeof(TimerFired), "tmr+")]
[JsonDerivedType(typeof(TimerCancelled), "tmr-")]
[JsonDerivedType(typeof(EventRaised), "evt")]
[JsonDerivedType(typeof(EventSent), "send")]
[JsonDerivedType(typeof(ExecutionSuspended), "susp")]
[JsonDerivedType(typeof(ExecutionResumed), "resm")]
[JsonDerivedType(typeof(ExecutionCompleted), "end+")]
[JsonDerivedType(typeof(ExecutionFailed), "end-")]
[JsonDerivedType(typeof(ExecutionTerminated), "end!")]
public abstract record HistoryEvent(DateTimeOffset Timestamp);

/// <summary>Records that the instance was scheduled, or continued as new.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Name">The orchestrator.</param>
/// <param name="ExecutionId">Distinguishes the executions of one instance.</param>
/// <param name="Input">The input as JSON.</param>
/// <param name="ParentInstanceId">The parent, for a sub-orchestration.</param>
/// <param name="StartAt">The earliest first turn, where one was asked for.</param>
/// <param name="InstanceId">The instance, so that a history can be replayed by itself.</param>
public sealed record ExecutionStarted(
    DateTimeOffset Timestamp, string Name, string ExecutionId, string? Input = null, string? ParentInstanceId = null,
    DateTimeOffset? StartAt = null, string? InstanceId = null) : HistoryEvent(Timestamp);

/// <summary>Records that a turn of the orchestrator began. Its time is the orchestrator's current time.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
public sealed record TurnStarted(DateTimeOffset Timestamp) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator called an activity.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The number of the step within the execution, from 0.</param>
/// <param name="Name">The activity.</param>
/// <param name="Input">The input as JSON.</param>
public sealed record TaskScheduled(DateTimeOffset Timestamp, int TaskId, string Name,
    string? Input = null) : HistoryEvent(Timestamp);

/// <summary>Records that an activity returned.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
/// <param name="Result">The result as JSON.</param>
public sealed record TaskCompleted(DateTimeOffset Timestamp, int TaskId, string? Result = null) : HistoryEvent(Timestamp);

/// <summary>Records that an activity failed.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
/// <param name="Failure">What went wrong.</param>
public sealed record TaskFailed(DateTimeOffset Timestamp, int TaskId, FailureDetails Failure) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator called a sub-orchestration.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The number of the step within the execution, from 0.</param>
/// <param name="Name">The orchestrator.</param>
/// <param name="InstanceId">The child's instance id.</param>
/// <param name="Input">The input as JSON.</param>
public sealed record SubOrchestrationCreated(
    DateTimeOffset Timestamp, int TaskId, string Name, string InstanceId, string? Input = null) : HistoryEvent(Timestamp);

/// <summary>Records that a sub-orchestration returned.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
/// <param name="Result">The output as JSON.</param>
public sealed record SubOrchestrationCompleted(DateTimeOffset Timestamp, int TaskId,
    string? Result = null) : HistoryEvent(Timestamp);

/// <summary>Records that a sub-orchestration failed or was terminated.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
/// <param name="Failure">What went wrong.</param>
public sealed record SubOrchestrationFailed(DateTimeOffset Timestamp, int TaskId,
    FailureDetails Failure) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator created a timer.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The number of the step within the execution, from 0.</param>
/// <param name="FireAt">When it fires (UTC).</param>
public sealed record TimerCreated(DateTimeOffset Timestamp, int TaskId, DateTimeOffset FireAt) : HistoryEvent(Timestamp);

/// <summary>Records that a timer fired.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
public sealed record TimerFired(DateTimeOffset Timestamp, int TaskId) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator cancelled a timer.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The step.</param>
public sealed record TimerCancelled(DateTimeOffset Timestamp, int TaskId) : HistoryEvent(Timestamp);

/// <summary>Records that an external event was received.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Name">The name of the event.</param>
/// <param name="Payload">The payload as JSON.</param>
public sealed record EventRaised(DateTimeOffset Timestamp, string Name, string? Payload = null) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator sent an event to another instance.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="TaskId">The number of the step within the execution, from 0.</param>
/// <param name="InstanceId">The receiver.</param>
/// <param name="Name">The name of the event.</param>
/// <param name="Payload">The payload as JSON.</param>
public sealed record EventSent(
    DateTimeOffset Timestamp, int TaskId, string InstanceId, string Name, string? Payload = null) : HistoryEvent(Timestamp);

/// <summary>Records that the instance was suspended.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Reason">The reason.</param>
public sealed record ExecutionSuspended(DateTimeOffset Timestamp, string? Reason = null) : HistoryEvent(Timestamp);

/// <summary>Records that the instance was resumed.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Reason">The reason.</param>
public sealed record ExecutionResumed(DateTimeOffset Timestamp, string? Reason = null) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator returned.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Output">The output as JSON.</param>
public sealed record ExecutionCompleted(DateTimeOffset Timestamp, string? Output = null) : HistoryEvent(Timestamp);

/// <summary>Records that the orchestrator threw an exception.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Failure">What went wrong.</param>
public sealed record ExecutionFailed(DateTimeOffset Timestamp, FailureDetails Failure) : HistoryEvent(Timestamp);

/// <summary>Records that the instance was terminated.</summary>
/// <param name="Timestamp">The time of recording (UTC).</param>
/// <param name="Output">The output that the caller asked to show, as JSON.</param>
public sealed record ExecutionTerminated(DateTimeOffset Timestamp, string? Output = null) : HistoryEvent(Timestamp);
