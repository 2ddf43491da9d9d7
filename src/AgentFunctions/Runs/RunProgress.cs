using AgentFunctions.Budgets;
using AgentFunctions.Storage;

namespace AgentFunctions.Runs;

/// <summary>Where a run stands, added up from the events that a follower has seen so far.</summary>
public sealed class RunProgress
{
    private readonly SortedDictionary<(int Turn, int Call), string> _calls = [];

    /// <summary>The turn at work, from 1; 0 before the first event.</summary>
    public int Turn { get; private set; }

    /// <summary>The model calls and tool calls that are over.</summary>
    public int Steps { get; private set; }

    /// <summary>What the model calls consumed.</summary>
    public TokenUsage Usage { get; private set; } = new();

    /// <summary>When the run was admitted (UTC); <see langword="null"/> before the first event.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>When the last event happened (UTC); <see langword="null"/> before the first one.</summary>
    public DateTimeOffset? LastAt { get; private set; }

    /// <summary>The final status, camel-cased; <see langword="null"/> until the run has ended.</summary>
    public string? Ended { get; private set; }

    /// <summary>What is being done: the tools at work, or the model.</summary>
    public string CurrentStep => this switch
    {
        { Ended: { } status } => status,
        { StartedAt: null } => "waiting for the first step",
        { _calls.Count: > 0 } => string.Join(", ", _calls.Values),
        _ => "asking the model",
    };

    /// <summary>Takes in the next event.</summary>
    /// <param name="journalEvent">The event.</param>
    public void Apply(JournalEvent journalEvent)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        StartedAt ??= journalEvent.At;
        LastAt = journalEvent.At;
        Turn = Math.Max(Turn, journalEvent.Turn ?? 0);
        (int, int) call = (journalEvent.Turn ?? 0, journalEvent.Call ?? 0);
        switch (journalEvent.Type)
        {
            case JournalEventTypes.ModelCompleted:
            case JournalEventTypes.ModelLost:
            case JournalEventTypes.ContextCompacted:
                Steps++;
                Usage = Usage.Plus(journalEvent.Usage ?? new TokenUsage());
                break;
            case JournalEventTypes.ToolStarted:
                _calls[call] = journalEvent.Tool ?? "a tool";
                break;
            case JournalEventTypes.ToolCompleted:
                Steps++;
                _calls.Remove(call);
                break;
            case JournalEventTypes.RunEnded:
                _calls.Clear();
                Ended = journalEvent.Code;
                break;
        }
    }
}
