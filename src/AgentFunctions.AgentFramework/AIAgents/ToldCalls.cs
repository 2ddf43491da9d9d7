namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Remembers of which calls of tools a caller was told, in this stream or in one before it.</summary>
internal sealed class ToldCalls
{
    private readonly HashSet<(int Turn, int Call)> _told = [];
    private readonly HashSet<(int Turn, int Call)> _open = [];
    private readonly HashSet<(int Turn, int Call)> _atWork = [];
    private readonly HashSet<(int Turn, int Call)> _asked = [];
    private readonly HashSet<(int Turn, int Call)> _askedBefore = [];

    /// <summary>Begins with what was told before.</summary>
    /// <param name="before">The calls without a result; <see langword="null"/> for none.</param>
    public ToldCalls(IReadOnlyList<ToldCall>? before)
    {
        foreach (ToldCall call in before ?? [])
        {
            Tell((call.Turn, call.Call));
            (call.IsOfCaller == true ? _askedBefore : _atWork).Add((call.Turn, call.Call));
        }
    }

    /// <summary>Gets the calls that were told, and whose results were not; <see langword="null"/> for none.</summary>
    public IReadOnlyList<ToldCall>? Open => _open.Count == 0 ? null : [.. _open.Select(call => new ToldCall(call.Turn, call.Call)
    {
        IsOfCaller = _asked.Contains(call) || _askedBefore.Contains(call) ? true : null,
    })];

    /// <summary>Gets whether the host executes one.</summary>
    public bool IsAtWork => _atWork.Count > 0;

    /// <summary>Gets whether the caller was given one to execute, in this stream.</summary>
    public bool IsCallerAsked => _asked.Count > 0;

    /// <summary>
    /// Determines whether another stream has given calls to the caller, of which no result is known, and which these lack.
    /// </summary>
    public bool IsMissing(IEnumerable<(int Turn, int Call)> calls) => _askedBefore.Except(calls).Any();

    /// <summary>Notes that a call is told.</summary>
    /// <returns><see langword="false"/> if it was told before.</returns>
    public bool Tell((int Turn, int Call) call) => _told.Add(call) && _open.Add(call);

    /// <summary>Notes that the host begins a call.</summary>
    public void Begin((int Turn, int Call) call) => _atWork.Add(call);

    /// <summary>Notes that the caller is given a call to execute.</summary>
    /// <returns><see langword="false"/> if this stream has given it before.</returns>
    public bool Ask((int Turn, int Call) call) => _asked.Add(call);

    /// <summary>Notes that the run has ended: no call is waited for any more.</summary>
    public void EndAsked()
    {
        _asked.Clear();
        _askedBefore.Clear();
        _atWork.Clear();
    }

    /// <summary>Notes that a call has ended.</summary>
    /// <returns>Whether the caller was given it to execute.</returns>
    public bool End((int Turn, int Call) call)
    {
        _open.Remove(call);
        _atWork.Remove(call);
        return _asked.Remove(call) | _askedBefore.Remove(call);
    }
}
