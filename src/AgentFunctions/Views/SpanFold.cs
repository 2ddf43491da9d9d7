using AgentFunctions.Records;

namespace AgentFunctions.Views;

/// <summary>Makes spans out of a run's events. While a call waits for people, the time is theirs and not its tool's.</summary>
/// <param name="now">The present (UTC), where spans end that have not ended.</param>
internal sealed class SpanFold(DateTimeOffset now)
{
    private readonly List<RunSpan> _ended = [];
    private readonly Dictionary<string, RunSpan> _tools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RunSpan> _people = new(StringComparer.Ordinal);

    /// <summary>The calls whose tools rest until people have spoken, by what those are asked.</summary>
    private readonly Dictionary<string, RunSpan> _resting = new(StringComparer.Ordinal);

    /// <summary>Gets the spans so far.</summary>
    public IEnumerable<RunSpan> All => [.. _ended, .. _tools.Values, .. _people.Values];

    /// <summary>Takes in the next event.</summary>
    /// <param name="e">The event.</param>
    public void Add(JournalEvent e)
    {
        switch (e.Type)
        {
            case JournalEventTypes.ModelCompleted or JournalEventTypes.ModelLost or JournalEventTypes.ContextCompacted:
                DateTimeOffset began = e.At - TimeSpan.FromMilliseconds(e.DurationMs ?? 0);
                _ended.Add(new RunSpan(RunSpan.Model, e.Turn ?? 0, null, e.Model ?? e.Type, began, e.At, true,
                    e.Type == JournalEventTypes.ModelLost));
                break;
            case JournalEventTypes.ToolStarted:
                EndPeople(e);
                _tools[CallOf(e)] = Open(RunSpan.Tool, e, e.Tool ?? "");
                break;
            case JournalEventTypes.ToolCompleted:
                EndPeople(e);
                EndTool(CallOf(e), e.At, e.IsError == true);
                break;
            case JournalEventTypes.ApprovalRequested:
                Ask($"approval {e.Approval}", e, e.Tool ?? "approval");
                break;
            case JournalEventTypes.QuestionAsked:
                Ask($"question {e.Question}", e, "question");
                break;
            case JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn:
                Spoken($"approval {e.Approval}", e);
                break;
            case JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined
                or JournalEventTypes.QuestionExpired or JournalEventTypes.QuestionWithdrawn:
                Spoken($"question {e.Question}", e);
                break;
            case JournalEventTypes.StepRetrying when e.Until is { } until:
                _ended.Add(new RunSpan(RunSpan.Capacity, e.Turn ?? 0, e.Call, e.Tool ?? e.Model ?? "step", e.At, until,
                    until <= now, true));
                break;
            case JournalEventTypes.RunEnded:
                foreach (string call in _tools.Keys.ToArray())
                {
                    EndTool(call, e.At, true);
                }

                foreach ((string asked, RunSpan span) in _people.Where(static one => !one.Value.IsOver).ToArray())
                {
                    _people[asked] = span with { End = e.At, IsOver = true, IsError = true };
                }

                break;
        }
    }

    private static string CallOf(JournalEvent e) => $"{e.Turn}/{e.Call}";

    private RunSpan Open(string kind, JournalEvent e, string name) =>
        new(kind, e.Turn ?? 0, e.Call, name, e.At, now, false, false);

    private void Ask(string asked, JournalEvent e, string name)
    {
        _people[asked] = Open(RunSpan.Person, e, name);
        if (_tools.TryGetValue(CallOf(e), out RunSpan? tool))
        {
            EndTool(CallOf(e), e.At, false);
            _resting[asked] = tool;
        }
    }

    /// <summary>Where several people decide, the wait lasts to the last of them.</summary>
    private void Spoken(string asked, JournalEvent e)
    {
        if (_people.TryGetValue(asked, out RunSpan? span))
        {
            _people[asked] = span with { End = e.At, IsOver = true };
        }

        if (_resting.Remove(asked, out RunSpan? tool))
        {
            _tools[$"{tool.Turn}/{tool.Call}"] = tool with { Start = e.At };
        }
    }

    /// <summary>A call that begins or is over waits for nobody: what was asked about it has expired, if nobody spoke.</summary>
    private void EndPeople(JournalEvent e)
    {
        foreach ((string asked,
            RunSpan span) in _people.Where(one => !one.Value.IsOver && one.Value.Turn == (e.Turn ?? 0)
                && one.Value.Call == e.Call).ToArray())
        {
            _people[asked] = span with { End = e.At, IsOver = true };
            _resting.Remove(asked);
        }
    }

    private void EndTool(string call, DateTimeOffset at, bool isError)
    {
        if (_tools.Remove(call, out RunSpan? span))
        {
            _ended.Add(span with { End = at, IsOver = true, IsError = isError });
        }
    }
}
