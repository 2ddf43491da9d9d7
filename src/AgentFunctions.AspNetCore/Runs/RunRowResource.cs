using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run in one row of a list; members without a value are left out.</summary>
internal sealed record RunRowResource
{
    private const int GoalLength = 200;
    private const int ErrorLength = 120;

    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>The beginning of what is to be reached, on one line.</summary>
    public required string Goal { get; init; }

    /// <summary>Where it stands.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public required RunStatus Status { get; init; }

    /// <summary>What it waits for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RowWaitResource>? Waits { get; init; }

    /// <summary>What is being done, for instance <c>tool.started:write_file</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Now { get; init; }

    /// <summary>The turn at work; the last one of a run that has ended.</summary>
    public required int Turn { get; init; }

    /// <summary>The steps that are over.</summary>
    public required int Steps { get; init; }

    /// <summary>What the model calls cost in US dollars.</summary>
    public required decimal Usd { get; init; }

    /// <summary>Its sub-agents.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunSubAgents? SubAgents { get; init; }

    /// <summary>Labels by name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string Requester { get; init; }

    /// <summary>The run that started this one as a sub-agent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parent { get; init; }

    /// <summary>When it was admitted (UTC).</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When its last step was recorded (UTC).</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>What went wrong or stopped it short: the code and the beginning of the words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>A number that grows with each change that the list knows.</summary>
    public required long Rev { get; init; }

    public static RunRowResource Of(RunRow row, IReadOnlySet<string> mine, IReadOnlyDictionary<string, string> tools)
    {
        Run run = row.Run;
        return new RunRowResource
        {
            Id = run.Id,
            Agent = run.Agent,
            Goal = JournalLine.OneLine(run.Goal, GoalLength),
            Status = run.Status,
            Waits = run.Waits.Count == 0 ? null
                : [.. run.Waits.Select(wait => new RowWaitResource(
                    wait.Kind, wait.Id, wait.Until?.UtcDateTime, mine.Contains(wait.Id ?? ""),
                    tools.GetValueOrDefault(wait.Id ?? "")))],
            Now = row.Now,
            Turn = row.Turn,
            Steps = run.Steps,
            Usd = run.Usage.Usd,
            SubAgents = run.SubAgents.Total == 0 ? null : run.SubAgents,
            Labels = run.Labels.Count == 0 ? null : run.Labels,
            Requester = row.Requester,
            Parent = run.Parent,
            CreatedAt = run.CreatedAt.UtcDateTime,
            UpdatedAt = run.UpdatedAt.UtcDateTime,
            Error = run.Error is { } error ? JournalLine.OneLine($"{error.Code}: {error.Message}", ErrorLength) : null,
            Rev = row.Revision,
        };
    }
}

/// <summary>What a run waits for.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Id">The id of the approval or question.</param>
/// <param name="Until">Until when (UTC).</param>
/// <param name="Mine">Whether this caller may decide it.</param>
/// <param name="Tool">The tool of the call that an approval is about, if the caller may see it.</param>
internal sealed record RowWaitResource(
    string Kind,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? Until,
    bool Mine,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tool);

/// <summary>A page of rows.</summary>
/// <param name="Runs">The rows.</param>
/// <param name="Counts">How many runs match the filters but for status and waits.</param>
/// <param name="Total">How many runs match all filters.</param>
/// <param name="Next">The <c>from</c> of the next page; null at the end.</param>
internal sealed record RunRowListResource(IReadOnlyList<RunRowResource> Runs, RunCountsResource Counts, int Total, int? Next)
{
    public static RunRowListResource Of(RunRowPage page, IReadOnlySet<string> mine, IReadOnlyDictionary<string, string> tools) =>
        new(
        [.. page.Rows.Select(row => RunRowResource.Of(row, mine, tools))], RunCountsResource.Of(page), page.Total, page.Next);
}

/// <summary>Numbers of runs.</summary>
/// <param name="Queued">The runs that have not started.</param>
/// <param name="Running">The runs that are running.</param>
/// <param name="Waiting">The runs that wait for something.</param>
/// <param name="Paused">The runs that are paused.</param>
/// <param name="Mine">The runs that wait for what this caller may decide.</param>
/// <param name="Failed">The runs that failed.</param>
/// <param name="Ended">The runs that have ended, failed ones included.</param>
internal sealed record RunCountsResource(int Queued, int Running, int Waiting, int Paused, int Mine, int Failed, int Ended)
{
    public static RunCountsResource Of(RunRowPage page)
    {
        return new RunCountsResource(
            Count(RunStatus.Queued), Count(RunStatus.Running), Count(RunStatus.Waiting), Count(RunStatus.Paused), page.Waiting,
            Count(RunStatus.Failed),
            Count(RunStatus.Completed) + Count(RunStatus.Failed) + Count(RunStatus.Cancelled) + Count(RunStatus.BudgetExhausted));

        int Count(RunStatus status) => page.Counts.GetValueOrDefault(status);
    }
}
