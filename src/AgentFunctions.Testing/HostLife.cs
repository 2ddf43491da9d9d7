namespace AgentFunctions.Testing;

/// <summary>The time from the start of a host to its death.</summary>
internal sealed class HostLife
{
    private int _underWay;
    private volatile bool _hasEnded;

    public bool HasEnded => _hasEnded;

    public int UnderWay => Volatile.Read(ref _underWay);

    public void End() => _hasEnded = true;

    public IDisposable Count()
    {
        Interlocked.Increment(ref _underWay);
        return new Counted(this);
    }

    private sealed class Counted(HostLife life) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref life._underWay);
    }
}
