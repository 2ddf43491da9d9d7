using AgentFunctions.Gateway;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Where a run stands, as one caller sees it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Open">What its tree waits for people to say.</param>
internal sealed record RunStand(Run Run, IReadOnlyList<OpenQuestion> Open)
{
    /// <summary>Gets the calls that the caller of the run is to execute.</summary>
    public IReadOnlyList<ClientCall> Calls { get; init; } = [];

    /// <summary>Gets what the caller may answer.</summary>
    public IReadOnlyList<OpenQuestion> Answerable { get; } = [.. Open.Where(static open => open.MayAnswer)];

    /// <summary>Gets where it stands, in words for people; <see langword="null"/> while it works and once it has ended.</summary>
    public string? Words => Run.Status switch
    {
        RunStatus.Queued => "Queued.",
        RunStatus.Paused => "Held; an operator can resume it.",
        RunStatus.Waiting when Open is [var first, ..] =>
            $"Waits for people: {(first.Question is { } asked ? asked.Text : $"may '{first.Tool}' be called?")} "
            + (first.MayAnswer
                ? "You may answer"
                : $"These may answer: {string.Join(", ", first.Roles)}, over the HTTP API or the dashboard")
            + $" (id {first.Id}).",
        RunStatus.Waiting when Run.WaitingFor is { } wait =>
            $"Waits for {wait.Kind}{(wait.Message is { } why ? $": {why}" : wait.Id is { } id ? $" ({id})" : "")}.",
        _ => null,
    };
}
