using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The runs that a run is related to by forks and rewinds.</summary>
/// <param name="Run">The run.</param>
/// <param name="Ancestors">The runs that it continues from, the nearest first.</param>
/// <param name="Descendants">The runs that continue from it, those that are nearest first; at most 200.</param>
internal sealed record LineageResource(
    string Run, IReadOnlyList<RelativeResource> Ancestors, IReadOnlyList<RelativeResource> Descendants)
{
    public static LineageResource Of(string run, RunFamily family) =>
        new(run, [.. family.Ancestors.Select(RelativeResource.Of)], [.. family.Descendants.Select(RelativeResource.Of)]);
}

/// <summary>A run that was forked, or that is a fork.</summary>
internal sealed record RelativeResource
{
    private const int GoalLength = 200;

    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The run next to it on the way to the run that was asked about: for an ancestor the fork, for a descendant its origin.
    /// </summary>
    public required string Next { get; init; }

    /// <summary>The last turn that the fork took over.</summary>
    public required int Turn { get; init; }

    /// <summary>Whether it was a rewind: the origin ended for it.</summary>
    public required bool Rewind { get; init; }

    /// <summary>Where it stands; null if it is gone.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public RunStatus? Status { get; init; }

    /// <summary>The agent's name; null if it is gone.</summary>
    public string? Agent { get; init; }

    /// <summary>The beginning of its goal, on one line; null if it is gone.</summary>
    public string? Goal { get; init; }

    /// <summary>Who asked for it; null if it is gone.</summary>
    public string? Requester { get; init; }

    /// <summary>When it was admitted (UTC); null if it is gone.</summary>
    public DateTime? CreatedAt { get; init; }

    public static RelativeResource Of(RunRelative relative) => new()
    {
        Id = relative.Id,
        Next = relative.Of,
        Turn = relative.Turn,
        Rewind = relative.IsRewind,
        Status = relative.Run?.Status,
        Agent = relative.Run?.Agent,
        Goal = relative.Run is { } run ? JournalLine.OneLine(run.Goal, GoalLength) : null,
        Requester = relative.Run?.Requester,
        CreatedAt = relative.Run?.CreatedAt.UtcDateTime,
    };
}
