namespace AgentFunctions.Mcp;

/// <summary>
/// How often in a row a tool server could not be started, why it was the last time, and how long the next start waits for that.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class McpRestarts(TimeProvider time)
{
    /// <summary>
    /// A pause up to this long is waited for; within a longer one the call fails at once, and the model reads why.
    /// </summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>A server that dies sooner than this after its start counts as one that cannot be started.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private TimeSpan _pause;
    private long _failedAt;
    private int _failures;
    private bool _needsSignIn;

    /// <summary>Gets how long the next start waits; nothing where it is negative.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (_gate)
            {
                return _pause - time.GetElapsedTime(_failedAt);
            }
        }
    }

    /// <summary>Gets why it was the last time.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Gets in words why a server could not be started; <see langword="null"/> if nothing is known against it.</summary>
    /// <param name="server">The server.</param>
    public string? Trouble(string server)
    {
        lock (_gate)
        {
            return _failures == 0 ? null : _needsSignIn
                ? Reason
                : $"The tool server '{server}' cannot be reached: {Reason}";
        }
    }

    /// <summary>Counts a failure and sets the pause before the next start; returns the count.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="needsSignIn">Whether a sign-in is missing.</param>
    public int Failed(string reason, bool needsSignIn = false)
    {
        lock (_gate)
        {
            (Reason, _needsSignIn) = (reason, needsSignIn);
            TimeSpan pause = FirstPause * Math.Pow(2, Math.Min(_failures++, 10));
            // Whoever signs in expects the tools at once.
            TimeSpan longest = needsSignIn ? LongestWait : LongestPause;
            (_pause, _failedAt) = (pause < longest ? pause : longest, time.GetTimestamp());
            return _failures;
        }
    }

    /// <summary>Forgets what a sign-in was missing for: it is no failure of the server's.</summary>
    public void SignedIn()
    {
        lock (_gate)
        {
            (_failures, _needsSignIn) = (_needsSignIn ? 0 : _failures, false);
        }
    }

    /// <summary>
    /// Looks whether a server that is given up was up for long enough: then what failed before that counts no more.
    /// </summary>
    /// <param name="startedAt">The timestamp of its start.</param>
    public bool WasUp(long startedAt)
    {
        if (time.GetElapsedTime(startedAt) < ShortLife)
        {
            return false;
        }

        lock (_gate)
        {
            _failures = 0;
            return true;
        }
    }
}
