using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Represents a run in one row of a list.</summary>
/// <param name="Run">The run, without plan and result.</param>
/// <param name="Requester">Who asked for the run.</param>
/// <param name="Now">What the run is doing; <see langword="null"/> if that is unknown or the run has ended.</param>
/// <param name="Turn">The current turn; the last one of a run that has ended.</param>
/// <param name="Revision">A number that grows with each change that the index knows.</param>
public sealed record RunRow(Run Run, string Requester, string? Now, int Turn, long Revision);

/// <summary>Represents the filters and the order of a list of rows.</summary>
public sealed record RunRowQuery
{
    /// <summary>Gets the statuses; empty for any.</summary>
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];

    /// <summary>
    /// Gets the filters that any list of runs has: agent, label, requester, sub-agents and the run to start after.
    /// </summary>
    public RunFilter Filter { get; init; } = new();

    /// <summary>Gets the kind of wait that the runs must have; <see langword="null"/> for any.</summary>
    public string? Waiting { get; init; }

    /// <summary>Gets the ids of approvals and questions for which the runs must wait; <see langword="null"/> for any.</summary>
    public IReadOnlySet<string>? WaitsFor { get; init; }

    /// <summary>Gets a text that the goal, the agent, the id or a label must contain; <see langword="null"/> for any.</summary>
    public string? Text { get; init; }

    /// <summary>Gets the earliest time of admission; <see langword="null"/> for any.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Gets the latest time of admission; <see langword="null"/> for any.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets the least cost in US dollars.</summary>
    public decimal MinUsd { get; init; }

    /// <summary>Gets the ids of the runs; <see langword="null"/> for all.</summary>
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

    /// <summary>The most recently changed first.</summary>
    Updated,
}

/// <summary>Represents a page of rows.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Counts">The number of runs of each status that match the query apart from its statuses and waits.</param>
/// <param name="Waiting">The number of those runs that wait for what the caller may decide.</param>
/// <param name="Total">The number of runs that match the query.</param>
/// <param name="Next">The number of rows to leave out for the next page; <see langword="null"/> at the end.</param>
public sealed record RunRowPage(
    IReadOnlyList<RunRow> Rows, IReadOnlyDictionary<RunStatus, int> Counts, int Waiting, int Total, int? Next);
