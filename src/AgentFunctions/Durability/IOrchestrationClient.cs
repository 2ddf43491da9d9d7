namespace AgentFunctions.Durability;

/// <summary>
/// Starts and steers orchestrations from outside. Names and meaning follow
/// <c>Microsoft.DurableTask.Client.DurableTaskClient</c>.
/// </summary>
/// <remarks>
/// A call that returns has been recorded durably. Every member throws <see cref="AgentException"/> with
/// <see cref="ErrorCode.EngineUnavailable"/> when the engine cannot record (a full disk, a stopped host); nothing has
/// changed then and the call may be repeated.
/// </remarks>
public interface IOrchestrationClient
{
    /// <summary>Schedules a new instance.</summary>
    /// <param name="name">The name of a registered orchestrator.</param>
    /// <param name="input">The input, written as JSON.</param>
    /// <param name="options">The instance id and the earliest start; by default a new id, at once.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the record; the instance may have been scheduled.</param>
    /// <returns>The id of the instance.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InstanceExists"/>: the id is taken and its status may not be replaced.
    /// <see cref="ErrorCode.PayloadTooLarge"/>: the input passes the engine's limit.
    /// <see cref="ErrorCode.Overloaded"/>: too much work is waiting; repeat later.
    /// </exception>
    Task<string> ScheduleAsync(string name, object? input = null, StartOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>Gets the state of one instance, or <see langword="null"/> if there is none of that id.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="includePayloads">Whether to read input, output and custom status too.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default);

    /// <summary>Gets one page of the instances that match, in the order of their creation.</summary>
    /// <param name="query">What to match, how many, and where to go on.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default);

    /// <summary>Waits until the instance has completed, failed or been terminated.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The final state, payloads included.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InstanceNotFound"/>.</exception>
    Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default);

    /// <summary>Raises an event at an instance. An instance that has ended ignores it.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="eventName">The name of the event; letter case does not count.</param>
    /// <param name="payload">The payload, written as JSON.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the record; the event may have been raised.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InstanceNotFound"/>, <see cref="ErrorCode.PayloadTooLarge"/> or <see cref="ErrorCode.Overloaded"/>.
    /// </exception>
    Task RaiseEventAsync(string instanceId, string eventName, object? payload = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops an instance from making decisions until it is resumed. Steps in flight finish; events are kept. It returns once the
    /// instance shows it.
    /// </summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="reason">Why, for the history.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the record.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InstanceNotFound"/>. <see cref="ErrorCode.EngineUnavailable"/> also if the backend has the order and
    /// has not come to it in time; it may still do so.
    /// </exception>
    Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Resumes a suspended instance. Events that arrived meanwhile are delivered in order. It returns once the instance shows it.
    /// </summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="reason">Why, for the history.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the record.</param>
    /// <exception cref="AgentException">As for <see cref="SuspendAsync"/>.</exception>
    Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Ends an instance at once. Activities in flight are cancelled and their results are dropped.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="output">What the instance shall show as its output, written as JSON.</param>
    /// <param name="recursive">Whether its sub-orchestrations end too.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the record.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InstanceNotFound"/>.</exception>
    Task TerminateAsync(string instanceId, object? output = null, bool recursive = true,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes an ended instance with its history, its sub-orchestrations, and every instance whose id begins with its id and a
    /// dot.
    /// </summary>
    /// <remarks>
    /// What has not ended stays, together with all that is above and below it; a later call from the same id deletes the rest.
    /// The deepest go first, so a call that was cut off can be repeated. A large tree is purged in steps by calls with the ids of
    /// its branches.
    /// </remarks>
    /// <param name="instanceId">The instance. It need not exist (any more) for those whose ids begin with its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait. What was deleted by then stays deleted.</param>
    /// <returns>How many instances were deleted; 0 if there is none, or none that may be deleted.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/> also if the backend reports an instance as deleted but still has its history;
    /// call again.
    /// </exception>
    Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gets the recorded events of the instance's present execution, oldest first; empty where there is none of that id.
    /// </summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default);
}
