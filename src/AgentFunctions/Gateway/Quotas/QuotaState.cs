using System.Collections.Immutable;

namespace AgentFunctions.Gateway.Quotas;

/// <summary>
/// What was used up of one quota in its present window. What is counted carries its own number, so counting it again changes
/// nothing.
/// </summary>
internal sealed record QuotaState
{
    /// <summary>How many runs' last numbers are known. Only those in flight at a crash are ever counted again.</summary>
    internal const int MaxMarks = 1_000;

    /// <summary>Gets when the window began (UTC).</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Gets the runs that were submitted.</summary>
    public int Runs { get; init; }

    /// <summary>Gets the steps.</summary>
    public long Steps { get; init; }

    /// <summary>Gets the tokens, sent and received.</summary>
    public long Tokens { get; init; }

    /// <summary>Gets the money, in US dollars.</summary>
    public decimal Usd { get; init; }

    /// <summary>Numbers <see cref="Marks"/> by when they were last touched.</summary>
    public long Touches { get; init; }

    /// <summary>Gets the last model call that was counted, by run.</summary>
    public ImmutableDictionary<string, QuotaMark> Marks { get; init; } = ImmutableDictionary<string, QuotaMark>.Empty;

    /// <summary>The book of the window that a moment is in; an earlier moment stays in the present one.</summary>
    public QuotaState At(DateTimeOffset windowStart) => windowStart > From ? new QuotaState { From = windowStart } : this;

    /// <summary>With a run that was submitted.</summary>
    public QuotaState WithRun(string runId) => Marks.ContainsKey(runId) ? this : Marked(runId, 0) with { Runs = Runs + 1 };

    /// <summary>Without a run that another rule refused.</summary>
    public QuotaState WithoutRun(string runId) => Marks.ContainsKey(runId)
        ? this with { Runs = Runs - 1, Marks = Marks.Remove(runId) }
        : this;

    /// <summary>With a model call and the tool calls that it asked for.</summary>
    public QuotaState WithCall(QuotaCall call) => Marks.TryGetValue(call.RunId, out QuotaMark? mark) && mark.Call >= call.Number
        ? this
        : Marked(call.RunId, call.Number) with
        {
            Steps = Steps + call.Steps,
            Tokens = Tokens + call.Tokens,
            Usd = Usd + call.Usd
        };

    private QuotaState Marked(string runId, int call)
    {
        ImmutableDictionary<string, QuotaMark> marks = Marks.SetItem(runId, new QuotaMark(call, Touches));
        if (marks.Count > MaxMarks)
        {
            marks = marks.RemoveRange(marks.OrderBy(static mark => mark.Value.Touched).Take(MaxMarks / 2)
                .Select(static mark => mark.Key));
        }

        return this with { Touches = Touches + 1, Marks = marks };
    }
}

/// <summary>The last model call of a run that was counted.</summary>
/// <param name="Call">Its number; 0 for a run that was submitted and has made none.</param>
/// <param name="Touched">When, as a number.</param>
internal sealed record QuotaMark(int Call, long Touched);

/// <summary>A model call as quotas count it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Number">The number of the call among the run's model calls.</param>
/// <param name="Steps">The call, and the tool calls that it asked for.</param>
/// <param name="Tokens">The tokens, sent and received.</param>
/// <param name="Usd">The money, in US dollars.</param>
internal sealed record QuotaCall(string RunId, int Number, int Steps, long Tokens, decimal Usd);
