using AgentFunctions.Records;

namespace AgentFunctions.Views;

/// <summary>Represents one call or wait that took a part of a run's time.</summary>
/// <param name="Kind"><c>model</c>, <c>tool</c>, <c>person</c> or <c>capacity</c>.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn; <see langword="null"/> for the model.</param>
/// <param name="Name">The model, the tool, or what was waited for.</param>
/// <param name="Start">When it began (UTC).</param>
/// <param name="End">When it ended (UTC); the present if it has not ended.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="IsError">Whether it failed.</param>
public sealed record RunSpan(string Kind, int Turn, int? Call, string Name, DateTimeOffset Start, DateTimeOffset End, bool IsOver,
    bool IsError)
{
    /// <summary>The kind of a call of the model.</summary>
    public const string Model = "model";

    /// <summary>The kind of a call of a tool.</summary>
    public const string Tool = "tool";

    /// <summary>The kind of a wait for a person.</summary>
    public const string Person = "person";

    /// <summary>The kind of a wait for the next attempt of a step.</summary>
    public const string Capacity = "capacity";
}

/// <summary>Reads from a run's events what took its time.</summary>
public sealed class RunSpans
{
    private readonly Journal _journal;
    private readonly TimeProvider _time;

    internal RunSpans(Journal journal, TimeProvider time) => (_journal, _time) = (journal, time);

    /// <summary>Gets the spans of a run, in the order of their beginnings.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunTimeline> GetAsync(string runId, CancellationToken cancellationToken = default)
    {
        var events = new List<JournalEvent>();
        await foreach ((_, JournalEvent e) in _journal.ReadAsync(runId, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            events.Add(e);
        }

        return Of(events, _time.GetUtcNow());
    }

    internal static RunTimeline Of(IReadOnlyList<JournalEvent> events, DateTimeOffset now)
    {
        var spans = new SpanFold(now);
        foreach (JournalEvent e in events)
        {
            spans.Add(e);
        }

        bool hasEnded = events.Count > 0 && events[^1].Type == JournalEventTypes.RunEnded;
        return new RunTimeline(
            events.Count == 0 ? now : events[0].At, hasEnded ? events[^1].At : now,
            [.. spans.All.OrderBy(static span => span.Start).ThenBy(static span => span.Turn)]);
    }
}

/// <summary>Represents a run's time and the spans that took it.</summary>
/// <param name="Start">When the run began (UTC).</param>
/// <param name="End">When it ended (UTC); the present for a live one.</param>
/// <param name="Spans">The spans, in the order of their beginnings.</param>
public sealed record RunTimeline(DateTimeOffset Start, DateTimeOffset End, IReadOnlyList<RunSpan> Spans)
{
    private static readonly string[] Order = [RunSpan.Model, RunSpan.Tool, RunSpan.Person, RunSpan.Capacity];

    /// <summary>Gets the spans that the run's end waited for, in order: of those that overlap, the one that ended last.</summary>
    public IReadOnlyList<RunSpan> CriticalPath
    {
        get
        {
            var path = new List<RunSpan>();
            DateTimeOffset until = DateTimeOffset.MaxValue;
            foreach (RunSpan span in Spans.OrderByDescending(static span => span.End).ThenByDescending(static span => span.Start))
            {
                if (span.End <= until && span.End > span.Start)
                {
                    path.Add(span);
                    until = span.Start;
                }
            }

            path.Reverse();
            return path;
        }
    }

    /// <summary>
    /// Gets how long each kind of thing took of the time from start to end; where several overlap, the first in the order model,
    /// tool, person, capacity counts. What is left is the host's.
    /// </summary>
    public IReadOnlyDictionary<string, TimeSpan> Parts
    {
        get
        {
            var parts = Order.ToDictionary(static kind => kind, static _ => TimeSpan.Zero, StringComparer.Ordinal);
            var at = new int[Order.Length];
            DateTimeOffset last = Start;
            foreach ((DateTimeOffset time, int kind, int change) in Spans
                .SelectMany(static span => Edges(span)).OrderBy(static edge => edge.Time).ThenBy(static edge => edge.Change))
            {
                DateTimeOffset now = time < Start ? Start : time > End ? End : time;
                int first = Array.FindIndex(at, static count => count > 0);
                if (first >= 0 && now > last)
                {
                    parts[Order[first]] += now - last;
                }

                last = now > last ? now : last;
                at[kind] += change;
            }

            return parts;
        }
    }

    private static IEnumerable<(DateTimeOffset Time, int Kind, int Change)> Edges(RunSpan span)
    {
        int kind = Array.IndexOf(Order, span.Kind);
        yield return (span.Start, kind, 1);
        yield return (span.End < span.Start ? span.Start : span.End, kind, -1);
    }
}
