namespace AgentFunctions.Governance.Policies;

/// <summary>Which recorded calls are meant.</summary>
internal sealed record PastCallPattern
{
    public Glob? Tool { get; init; }

    public IReadOnlySet<ToolEffect>? Effect { get; init; }

    public Glob? Data { get; init; }

    public Glob? Host { get; init; }

    public bool? Succeeded { get; init; }

    public bool Matches(PastCall call) =>
        (Effect is null || Effect.Contains(call.Effect))
        && (Succeeded is null || Succeeded == call.Succeeded)
        && (Tool is null || Tool.Matches(call.Tool))
        && (Data is null || Data.MatchesAny(call.DataLabels))
        && (Host is null || Host.MatchesAny(call.Hosts));
}

/// <summary>How many calls of a kind must be on record for a rule to apply.</summary>
/// <param name="Call">The calls to count.</param>
internal sealed record HistoryCondition(PastCallPattern Call)
{
    /// <summary>Only calls after the last one of this kind.</summary>
    public PastCallPattern? After { get; init; }

    /// <summary>Only calls of the last while.</summary>
    public TimeSpan? Within { get; init; }

    /// <summary>Only calls of this run instead of its whole tree.</summary>
    public bool OwnRunOnly { get; init; }

    /// <summary>Holds from this many on; not used where <see cref="AtMost"/> is set.</summary>
    public int AtLeast { get; init; } = 1;

    /// <summary>Holds up to this many.</summary>
    public int? AtMost { get; init; }

    /// <summary>Determines whether the condition holds for a call.</summary>
    /// <param name="action">The call.</param>
    /// <param name="whenUnknown">True where holding restricts, false where it frees.</param>
    public bool Holds(ActionContext action, bool whenUnknown)
    {
        bool countsMost = whenUnknown == AtMost is null;
        DateTimeOffset from = From(action, !countsMost);
        int count = 0;
        IReadOnlyList<PastCall> history = action.History;
        for (int i = history.Count - 1; i >= 0; i--)
        {
            PastCall call = history[i];
            if (call.At < from || !Counts(call, action, countsMost) || !Call.Matches(call))
            {
                continue;
            }

            count++;
            if (AtMost is null ? count >= AtLeast : count > AtMost)
            {
                return AtMost is null;
            }
        }

        return AtMost is not null;
    }

    /// <summary>
    /// The moment from which calls count. A call is after another only when it began once the other had finished: tests
    /// that ran beside a write say nothing of it.
    /// </summary>
    private DateTimeOffset From(ActionContext action, bool countsLater)
    {
        DateTimeOffset from = Within is { } within ? action.Now - within : DateTimeOffset.MinValue;
        if (After is null)
        {
            return from;
        }

        foreach (PastCall call in action.History)
        {
            if (Counts(call, action, countsLater) && After.Matches(call))
            {
                DateTimeOffset finished = call.FinishedAt ?? DateTimeOffset.MaxValue;
                from = finished > from ? finished : from;
            }
        }

        return from;
    }

    private bool Counts(PastCall call, ActionContext action, bool countsLater) => (countsLater || !call.IsLater)
        && (!OwnRunOnly || call.RunId == action.RunId || call.CountsFor == action.RunId);
}
