namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// The pauses between looks at a run after a sign of it: that it waits shows only a moment after the event that says for what.
/// They grow, and then nobody looks any more until the next sign, so that a stream on which nothing happens costs nothing.
/// </summary>
/// <param name="first">The first pause.</param>
internal sealed class LookPauses(TimeSpan first)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(16);

    private TimeSpan? _last;

    /// <summary>Begins anew: there was a sign.</summary>
    public void Begin() => _last = null;

    /// <summary>Gets the next pause; <see cref="Timeout.InfiniteTimeSpan"/> if there are to be no more looks.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _last switch
        {
            null => first,
            { } last when last == Timeout.InfiniteTimeSpan || last * 2 > Longest => Timeout.InfiniteTimeSpan,
            { } last => last * 2,
        };
        _last = pause;
        return pause;
    }
}
