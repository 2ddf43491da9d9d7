using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Represents a run in one row of a list.</summary>
/// <param name="Run">The run, without plan and result.</param>
/// <param name="Requester">Who asked for the run.</param>
/// <param name="Now">What is being done; <see langword="null"/> if that is not known or the run has ended.</param>
/// <param name="Turn">The turn at work.</param>
/// <param name="Revision">A number that grows with each change that the index knows.</param>
public sealed record RunRow(Run Run, string Requester, string? Now, int Turn, long Revision);

/// <summary>Represents what rows to list.</summary>
public sealed record RunRowQuery
{
    /// <summary>Gets the statuses; empty for any.</summary>
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];

    /// <summary>Gets the agent, the label, the requester, whether sub-agents are listed, and after which run.</summary>
    public RunFilter Filter { get; init; } = new();

    /// <summary>Gets the kind of what the runs wait for; <see langword="null"/> for any.</summary>
    public string? Waiting { get; init; }

    /// <summary>Gets the ids of approvals and questions for which the runs must wait; <see langword="null"/> for any.</summary>
    public IReadOnlySet<string>? WaitsFor { get; init; }

    /// <summary>Gets words of the goal, the agent, the id or a label; <see langword="null"/> for any.</summary>
    public string? Text { get; init; }

    /// <summary>Gets the earliest time of admission; <see langword="null"/> for any.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Gets the latest time of admission; <see langword="null"/> for any.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets the least cost in US dollars.</summary>
    public decimal MinUsd { get; init; }

    /// <summary>Gets the runs; <see langword="null"/> for all.</summary>
    public IReadOnlySet<string>? Ids { get; init; }

    /// <summary>Gets the order.</summary>
    public RunRowOrder Order { get; init; }
}

/// <summary>Specifies the order of rows.</summary>
public enum RunRowOrder
{
    /// <summary>The newest first.</summary>
    Age,

    /// <summary>The most expensive first.</summary>
    Cost,

    /// <summary>The one that changed last first.</summary>
    Updated,
}

/// <summary>Represents a page of rows.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Counts">How many runs of each status match the rest of the query, statuses and waits left out.</param>
/// <param name="Waiting">How many of those wait for what the query's caller may decide.</param>
/// <param name="Total">How many runs match.</param>
/// <param name="Next">Where the next page begins; <see langword="null"/> at the end.</param>
public sealed record RunRowPage(
    IReadOnlyList<RunRow> Rows, IReadOnlyDictionary<RunStatus, int> Counts, int Waiting, int Total, int? Next);
