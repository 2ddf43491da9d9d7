using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Represents a run as it would be admitted.</summary>
/// <param name="Run">Its record.</param>
/// <param name="State">How its loop begins.</param>
/// <param name="Rule">What found the agent for the goal; <see langword="null"/> if the caller named it.</param>
internal sealed record RunDraft(RunRecord Run, RunState State, string? Rule = null)
{
    /// <summary>
    /// Makes what must be there before the run begins, and says how its loop begins then. Safe to repeat for the same run.
    /// </summary>
    public Func<CancellationToken, Task<RunState>>? Prepare { get; init; }

    /// <summary>Gives back what <see cref="Prepare"/> took from others, where the run does not come on record.</summary>
    public Func<Task>? GiveBack { get; init; }

    /// <summary>Makes what must be there before the run begins, once it is on record. Safe to repeat for the same run.</summary>
    public Func<CancellationToken, Task>? Furnish { get; init; }
}

/// <summary>Represents a request for a run, whichever way it came in.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Draft">
/// Drafts the run of an id: looks up all that it needs, demands that the caller may have it, and changes nothing. It is given the
/// record if a crash cut the admission off after that.
/// </param>
internal sealed record RunOrder(Caller Caller, Func<string, RunRecord?, CancellationToken, Task<RunDraft>> Draft)
{
    /// <summary>Gets the request and its key; <see langword="null"/> if it has none.</summary>
    public Records.KeyedRequest? Request { get; init; }

    /// <summary>Gets the id that the run shall have; <see langword="null"/> for a new one.</summary>
    public string? Id { get; init; }

    /// <summary>Gets whether the run is started at once, and not by the orchestrator that asked for it.</summary>
    public bool Starts { get; init; }
}

/// <summary>Represents a run that was admitted.</summary>
/// <param name="Record">What it was admitted with.</param>
/// <param name="State">How its loop begins; <see langword="null"/> if it was started before.</param>
internal sealed record AdmittedRun(RunRecord Record, RunState? State);
