using AgentFunctions.Records;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Finds the end of a run that counts for a caller. A message may come when the loop of the run hears nothing any more: then the
/// run ends, and goes on with the message at once.
/// </summary>
internal sealed class RunEnds
{
    private (long Position, JournalEvent Event)? _last;

    /// <summary>Gets the end that counts; <see langword="null"/> if it is not known.</summary>
    public JournalEvent? End { get; private set; }

    /// <summary>Gets whether an end was taken, and nothing after which the run went on by itself.</summary>
    public bool HasOne => _last is not null;

    /// <summary>Takes an end.</summary>
    /// <param name="position">Its position in the journal.</param>
    /// <param name="e">The event.</param>
    public void Take(long position, JournalEvent e) => _last = (position, e);

    /// <summary>Notes that nothing comes after the last end: it counts.</summary>
    public void Settle() => End = _last?.Event;

    /// <summary>Leaves the last end to a later look, unless it is known that nothing comes after it.</summary>
    /// <param name="isOver">Whether that is known.</param>
    /// <returns>The position from which to look; <see langword="null"/> if the end counts.</returns>
    public long? Leave(bool isOver)
    {
        long? position = isOver ? null : _last?.Position;
        if (isOver)
        {
            Settle();
        }
        else
        {
            _last = null;
        }

        return position;
    }

    /// <summary>
    /// Determines whether an event comes after the end that counts: after that, somebody did something for the run to go on. Where
    /// it goes on by itself, that is for a message which it had not heard.
    /// </summary>
    /// <param name="e">The event.</param>
    public bool IsBehind(JournalEvent e)
    {
        if (_last is not null
            && e.Type is JournalEventTypes.MessageReceived or JournalEventTypes.RunResumed or JournalEventTypes.BudgetGranted)
        {
            Settle();
        }
        else if (e.Type is JournalEventTypes.ModelCompleted or JournalEventTypes.ToolStarted or JournalEventTypes.ToolCompleted)
        {
            _last = null;
        }

        return End is not null;
    }
}
