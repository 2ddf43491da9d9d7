using System.Collections.Frozen;
using AgentFunctions.Budgets;
using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// Sums up what runs used: by the day or hour that they were admitted, and by agent, model, requester or label.
/// </summary>
public sealed class RunUsages
{
    private readonly RunRows _rows;

    internal RunUsages(RunRows rows) => _rows = rows;

    /// <summary>Sums up the usage of runs.</summary>
    /// <param name="query">The runs, and what their usage is summed up by.</param>
    /// <param name="answers">How long people took, by the run that asked them; <see langword="null"/> to leave that out.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The rows by time, then by cost; a run that has no such label is in the row without a key.</returns>
    public async Task<IReadOnlyList<RunUsageRow>> SumAsync(
        RunUsageQuery query, ILookup<string, TimeSpan>? answers = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var rows = new RunRowQuery
        {
            Filter = query.Filter with { SubAgents = true },
            Since = query.From,
        };
        RunRowPage page = await _rows.ListAsync(rows, FrozenSet<string>.Empty, 0, int.MaxValue, cancellationToken)
            .ConfigureAwait(false);
        return
        [
            .. page.Rows.Select(static row => row.Run).Where(run => query.To is null || run.CreatedAt < query.To)
                .GroupBy(run => (At: StartOf(run.CreatedAt, query), Key: KeyOf(run, query)))
                .Select(group => Sum(group.Key.At, group.Key.Key, [.. group], answers))
                .OrderBy(static row => row.At).ThenByDescending(static row => row.Usage.Usd)
                .ThenBy(static row => row.Key, StringComparer.Ordinal),
        ];
    }

    private static RunUsageRow Sum(DateTimeOffset at, string? key, IReadOnlyList<Run> runs, ILookup<string, TimeSpan>? answers)
    {
        TimeSpan[] times = answers is null ? [] : [.. runs.SelectMany(run => answers[run.Id]).Order()];
        var row = new RunUsageRow(at, key)
        {
            Answers = times.Length,
            AnswerMedian = times.Length == 0 ? null : times[times.Length / 2],
        };
        foreach (Run run in runs)
        {
            row = row with
            {
                Runs = row.Runs + (run.Parent is null ? 1 : 0),
                SubAgents = row.SubAgents + (run.Parent is null ? 0 : 1),
                Live = row.Live + (run.IsEnded ? 0 : 1),
                Failed = row.Failed + (run.Status == RunStatus.Failed ? 1 : 0),
                Steps = row.Steps + run.Steps,
                Usage = row.Usage.Plus(run.Usage),
            };
        }

        return row;
    }

    private static DateTimeOffset StartOf(DateTimeOffset at, RunUsageQuery query)
    {
        DateTime utc = at.UtcDateTime;
        return query.Bucket switch
        {
            UsageBucket.All => query.From ?? DateTimeOffset.UnixEpoch,
            UsageBucket.Hour => new DateTimeOffset(utc.Date.AddHours(utc.Hour), TimeSpan.Zero),
            _ => new DateTimeOffset(utc.Date, TimeSpan.Zero),
        };
    }

    private static string? KeyOf(Run run, RunUsageQuery query) => query.By switch
    {
        UsageKey.Agent => run.Agent,
        UsageKey.Model => run.Model,
        UsageKey.Caller => run.Requester,
        UsageKey.Label => run.Labels.GetValueOrDefault(query.Label ?? ""),
        _ => null,
    };
}

/// <summary>Specifies the length of the time that is summed up.</summary>
public enum UsageBucket
{
    /// <summary>A day (UTC).</summary>
    Day,

    /// <summary>An hour.</summary>
    Hour,

    /// <summary>All of the time that is asked for.</summary>
    All,
}

/// <summary>Specifies what usage is summed up by, beside the time.</summary>
public enum UsageKey
{
    /// <summary>Nothing: one row for each time.</summary>
    None,

    /// <summary>The agent.</summary>
    Agent,

    /// <summary>The model.</summary>
    Model,

    /// <summary>The requester.</summary>
    Caller,

    /// <summary>The value of a label.</summary>
    Label,
}

/// <summary>Represents the runs whose usage is summed up, and by what.</summary>
public sealed record RunUsageQuery
{
    /// <summary>Gets the filter of the runs; their sub-agents count, too.</summary>
    public RunFilter Filter { get; init; } = new();

    /// <summary>Gets the earliest time of admission; <see langword="null"/> for any.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Gets the time before which runs were admitted; <see langword="null"/> for any.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Gets the length of the time that is summed up.</summary>
    public UsageBucket Bucket { get; init; }

    /// <summary>Gets what is summed up by.</summary>
    public UsageKey By { get; init; }

    /// <summary>Gets the label whose values are summed up by.</summary>
    public string? Label { get; init; }
}

/// <summary>Represents what the runs of a time used.</summary>
/// <param name="At">The beginning of the time (UTC).</param>
/// <param name="Key">The agent, model, requester or value; <see langword="null"/> for runs that have none.</param>
public sealed record RunUsageRow(DateTimeOffset At, string? Key)
{
    /// <summary>Gets the number of runs, without sub-agents.</summary>
    public int Runs { get; init; }

    /// <summary>Gets the number of sub-agents.</summary>
    public int SubAgents { get; init; }

    /// <summary>Gets how many of both have not ended.</summary>
    public int Live { get; init; }

    /// <summary>Gets how many of both failed.</summary>
    public int Failed { get; init; }

    /// <summary>Gets the number of model calls and tool calls.</summary>
    public int Steps { get; init; }

    /// <summary>Gets what the model calls consumed.</summary>
    public TokenUsage Usage { get; init; } = new();

    /// <summary>Gets how many approvals and questions people decided or answered.</summary>
    public int Answers { get; init; }

    /// <summary>Gets how long the middle one of them took; <see langword="null"/> where there was none.</summary>
    public TimeSpan? AnswerMedian { get; init; }
}
