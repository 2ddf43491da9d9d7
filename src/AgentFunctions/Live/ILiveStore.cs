namespace AgentFunctions.Live;

/// <summary>
/// Carries what models and tools say while they are at work to whoever follows the run, on this instance or another. Nothing of it is
/// history: it may be lost at any time, and what a run recorded stands in its place.
/// </summary>
public interface ILiveStore
{
    /// <summary>Puts a frame in the place of the one before. It neither waits nor throws.</summary>
    /// <param name="frame">What a model or a tool of the run has said so far.</param>
    /// <returns>
    /// Whether anybody still follows the run; otherwise the publisher stops, and waits for <see cref="WantedAsync"/> before it goes on.
    /// </returns>
    bool Publish(LiveFrame frame);

    /// <summary>Follows a run. Whoever is slow misses frames, never the newest one.</summary>
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
