namespace AgentFunctions.Records;

/// <summary>
/// Events that wait for the next event of their run, to be written with it: two events that follow one another at once cost one
/// write. What finds no company is written after <see cref="Longest"/>.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="write">Writes events of a run.</param>
internal sealed class HeldEvents(TimeProvider time, Func<string, HeldEvents.Waiting, Task> write)
{
    /// <summary>How long an event waits at most: no follower notices a quarter of a second.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Waiting> _byRun = new(StringComparer.Ordinal);

    /// <summary>Lets an event wait.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <returns>A task that completes when the event is written, and fails if that fails.</returns>
    public Task Add(string runId, JournalEvent journalEvent)
    {
        lock (_gate)
        {
            if (!_byRun.TryGetValue(runId, out Waiting? waiting))
            {
                waiting = new Waiting();
                waiting.Timer = time.CreateTimer(_ => WriteAlone(runId, waiting), null, Longest, Timeout.InfiniteTimeSpan);
                _byRun[runId] = waiting;
            }

            waiting.Events.Add(journalEvent);
            return waiting.Written.Task;
        }
    }

    /// <summary>Takes what waits of a run; whoever takes it writes it. <see langword="null"/> if nothing waits.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="only">What must be waiting, for one whose time is up; <see langword="null"/> for whatever waits.</param>
    public Waiting? Take(string runId, Waiting? only = null)
    {
        lock (_gate)
        {
            if (!_byRun.TryGetValue(runId, out Waiting? waiting) || (only is not null && waiting != only))
            {
                return null;
            }

            _byRun.Remove(runId);
            waiting.Timer!.Dispose();
            return waiting;
        }
    }

    private void WriteAlone(string runId, Waiting due)
    {
        if (Take(runId, due) is { } waiting)
        {
            // Whoever added an event is told if this fails.
            _ = write(runId, waiting);
        }
    }

    /// <summary>The events of one run that wait.</summary>
    internal sealed class Waiting
    {
        /// <summary>Gets the events in their order.</summary>
        public List<JournalEvent> Events { get; } = [];

        /// <summary>Gets what whoever added one of them waits for.</summary>
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Gets or sets what ends the wait.</summary>
        public ITimer? Timer { get; set; }
    }
}
