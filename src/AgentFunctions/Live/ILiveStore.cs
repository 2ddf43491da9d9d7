namespace AgentFunctions.Live;

/// <summary>
/// Carries the output of models and tools to the followers of a run before it is recorded. Frames are not history: any of them
/// may be lost.
/// </summary>
public interface ILiveStore
{
    /// <summary>Gets the time between frames of a run if the host does not set <c>Live:Interval</c>.</summary>
    TimeSpan Pace => TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Replaces the frame of a run. Does not block or throw. A publisher that has nothing new publishes its last frame again,
    /// which must cost next to nothing: a follower that joins during a pause is shown what was said before it.
    /// </summary>
    /// <param name="frame">What a model or a tool of the run has said so far.</param>
    /// <returns>
    /// Whether anybody still follows the run; otherwise the publisher stops, and waits for <see cref="WantedAsync"/> before it
    /// goes on.
    /// </returns>
    bool Publish(LiveFrame frame);

    /// <summary>
    /// Follows a run. A slow follower misses frames, but not the newest one. It does not end before the token is cancelled.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    IAsyncEnumerable<LiveFrame> FollowAsync(string runId, CancellationToken cancellationToken = default);

    /// <summary>Completes once somebody follows a run, or a few seconds later.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task WantedAsync(string runId, CancellationToken cancellationToken = default);
}
