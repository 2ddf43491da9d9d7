namespace AgentFunctions.AspNetCore.Http;

/// <summary>Waits for something that goes on.</summary>
internal static class TimedWait
{
    /// <summary>
    /// Waits until something has ended, or a time is over. How it ended is for whoever awaits it: also what ends at the very end of
    /// the time has ended.
    /// </summary>
    /// <param name="next">What goes on.</param>
    /// <param name="longest">The time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether it has ended.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public static async Task<bool> HasEndedAsync(Task next, TimeSpan longest, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await next.WaitAsync(longest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return next.IsCompleted;
    }
}
