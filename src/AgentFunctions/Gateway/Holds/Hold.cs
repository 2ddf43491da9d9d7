using AgentFunctions.Core;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Holds;

/// <summary>
/// Represents a legal hold: what it names is neither erased on request nor by retention. Evolved only by addition.
/// </summary>
/// <param name="Name">The name.</param>
public sealed record Hold(string Name)
{
    /// <summary>Gets the run whose tree is kept; <see langword="null"/> for any.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the label of the runs that are kept: a name, or <c>name=value</c>; <see langword="null"/> for any.</summary>
    public string? Label { get; init; }

    /// <summary>Gets the agent whose runs are kept; <see langword="null"/> for any.</summary>
    public string? Agent { get; init; }

    /// <summary>Gets who asked for the runs that are kept; <see langword="null"/> for any.</summary>
    public string? Requester { get; init; }

    /// <summary>Gets why.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Gets when it ends by itself (UTC); <see langword="null"/> for never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets who set it.</summary>
    public string By { get; init; } = "";

    /// <summary>Gets when it was set (UTC).</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Determines whether a run is kept by it; the tree that the run belongs to is kept then.</summary>
    internal bool Keeps(RunRecord run) =>
        (Run is null || ChildName.RootOf(Run) == ChildName.RootOf(run.Id))
        && (Label is null || LabelSelector.Parse(Label).ValueIn(run.Labels) is not null)
        && (Agent is null || Agent == run.Agent)
        && (Requester is null || Requester == run.Requester);
}
