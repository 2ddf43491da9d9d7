using AgentFunctions.Records;

namespace AgentFunctions.Views.Live;

/// <summary>What is at work in a run, by what its follower has seen.</summary>
internal sealed class RunNow
{
    private readonly SortedDictionary<(int Turn, int Call), string> _tools = [];
    private bool _isAsked;

    /// <summary>Gets what is at work: <c>model</c>, <c>tool:NAME,NAME</c>, or <see langword="null"/>.</summary>
    public string? Step => _tools.Count > 0 ? $"tool:{string.Join(',', _tools.Values.Distinct())}" : _isAsked ? "model" : null;

    /// <summary>Takes an event of the journal.</summary>
    /// <param name="e">The event.</param>
    public void Take(JournalEvent e)
    {
        (int, int) call = (e.Turn ?? 0, e.Call ?? 0);
        switch (e.Type)
        {
            case JournalEventTypes.ToolStarted:
                _tools[call] = e.Tool ?? "?";
                break;
            case JournalEventTypes.ToolCompleted:
                _tools.Remove(call);
                break;
            case JournalEventTypes.ModelCompleted or JournalEventTypes.ModelLost:
                _isAsked = false;
                break;
            case JournalEventTypes.RunEnded:
                _tools.Clear();
                _isAsked = false;
                break;
        }
    }

    /// <summary>Takes what is no event.</summary>
    /// <param name="signal">The signal.</param>
    /// <returns>Whether something else is at work now.</returns>
    public bool Take(RunSignal signal)
    {
        bool was = _isAsked;
        _isAsked = signal switch
        {
            ModelStarted or ModelSnapshot or ModelDelta => true,
            ModelReset { Reason: "cutOff" } => false,
            _ => _isAsked,
        };
        return was != _isAsked;
    }
}
