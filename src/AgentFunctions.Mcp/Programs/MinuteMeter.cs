namespace AgentFunctions.Mcp.Programs;

/// <summary>Counts something by the minute.</summary>
internal sealed class MinuteMeter(TimeProvider time, long limit)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private long _start = time.GetTimestamp();
    private long _count;

    /// <summary>Counts.</summary>
    /// <returns>By how much the limit of this minute is passed; zero or less if it is not.</returns>
    public long Add(long count)
    {
        if (time.GetElapsedTime(_start) > Minute)
        {
            (_start, _count) = (time.GetTimestamp(), 0);
        }

        _count += count;
        return _count - limit;
    }
}
