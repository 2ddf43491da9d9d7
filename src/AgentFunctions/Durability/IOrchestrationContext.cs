using Microsoft.Extensions.Logging;

namespace AgentFunctions.Durability;

/// <summary>
/// Represents the context of an orchestrator, the only access of replayed code to its surroundings. Names and meaning follow
/// <c>Microsoft.DurableTask.TaskOrchestrationContext</c>.
/// </summary>
/// <remarks>
/// Every member is deterministic: after a restart the orchestrator runs again from its start against the recorded
/// history and must ask for the same things in the same order. Asking for something else ends the instance with
/// <see cref="ErrorCode.NonDeterminism"/>. Members may be called only from the orchestrator's own continuations, never
/// from another thread; <c>CancellationTokenSource.CancelAsync</c> leaves that thread, <c>Cancel</c> does not.
/// <para>As in Durable Task, an execution ends once its code has returned (or thrown) and every step that it asked for has
/// ended too: a timer that lost a race is to be cancelled, or the instance stays open until it fires.</para>
/// </remarks>
public interface IOrchestrationContext
{
    /// <summary>Gets the id of this instance.</summary>
    string InstanceId { get; }

    /// <summary>Gets the name under which the running orchestrator was registered.</summary>
    string Name { get; }

    /// <summary>
    /// Gets the id of the instance that started this one as a sub-orchestration; otherwise <see langword="null"/>.
    /// </summary>
    string? ParentInstanceId { get; }

    /// <summary>Gets the time (UTC) of the event that is being processed; the same at every replay.</summary>
    DateTimeOffset CurrentTime { get; }

    /// <summary>Gets whether the code is running over recorded history rather than making new decisions.</summary>
    bool IsReplaying { get; }

    /// <summary>Gets a new identifier, unique to this instance and the same at every replay.</summary>
    Guid NewGuid();

    /// <summary>Runs an activity as one durable step.</summary>
    /// <typeparam name="TResult">The type of the result, read from JSON.</typeparam>
    /// <param name="name">The name of a registered activity.</param>
    /// <param name="input">The input, written as JSON.</param>
    /// <param name="options">How to retry; by default a failure is not retried.</param>
    /// <exception cref="TaskFailedException">The activity failed for good; the exception carries the details.</exception>
    Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, TaskOptions? options = null);

    /// <summary>Starts another orchestrator as a child of this one and waits for its output.</summary>
    /// <typeparam name="TResult">The type of the output, read from JSON.</typeparam>
    /// <param name="name">The name of a registered orchestrator.</param>
    /// <param name="input">The input, written as JSON.</param>
    /// <param name="options">How to retry, and the child's instance id; by default a new id that is stable under replay.</param>
    /// <exception cref="TaskFailedException">The child failed or was terminated, or its id is taken.</exception>
    Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null, SubOrchestrationOptions? options = null);

    /// <summary>Creates a timer that completes at a moment in time. Waiting holds no compute.</summary>
    /// <param name="fireAt">When to complete (UTC). A moment that has passed completes in the next turn.</param>
    /// <param name="cancellationToken">The token to cancel the timer.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled before the timer fired.</exception>
    Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default);

    /// <summary>
    /// Waits for an event that is raised from outside. Events that came early are kept and delivered in order; where several
    /// wait for the same name, the newest gets the next one.
    /// </summary>
    /// <typeparam name="T">The type of the payload, read from JSON.</typeparam>
    /// <param name="name">The name of the event; letter case does not count.</param>
    /// <param name="cancellationToken">
    /// The token to cancel the wait; an event that comes later is kept for the next waiter.
    /// </param>
    /// <exception cref="OperationCanceledException">The token was cancelled before the event came.</exception>
    Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default);

    /// <summary>Raises an event at another instance, once, when this turn is recorded. An unknown instance ignores it.</summary>
    /// <param name="instanceId">The instance to send to.</param>
    /// <param name="eventName">The name of the event.</param>
    /// <param name="payload">The payload, written as JSON.</param>
    void SendEvent(string instanceId, string eventName, object? payload = null);

    /// <summary>Publishes a small value that outsiders can read while the instance runs.</summary>
    /// <param name="status">The value, written as JSON; at most 16 KiB.</param>
    void SetCustomStatus(object? status);

    /// <summary>
    /// Restarts the instance with an empty history and without a custom status, once the code has returned and its open steps
    /// have ended.
    /// </summary>
    /// <param name="input">The input of the new execution, written as JSON.</param>
    /// <param name="preserveUnprocessedEvents">Whether events that nobody has waited for yet are carried over.</param>
    void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true);

    /// <summary>Gets a logger that is silent while history is replayed.</summary>
    /// <param name="category">The category of the logger.</param>
    ILogger CreateReplaySafeLogger(string category);
}
