using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Views.Live;

/// <summary>One thing that whoever follows a run is told: an event of its journal, or what goes on before there is one.</summary>
public abstract record RunSignal
{
    private protected RunSignal()
    {
    }
}

/// <summary>An event of the run's journal. Only these have a position to go on from; all others may be missed.</summary>
/// <param name="Position">Its position.</param>
/// <param name="Event">The event.</param>
public sealed record JournalSignal(long Position, JournalEvent Event) : RunSignal;

/// <summary>A model is asked.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">How often the turn's answer was begun, as far as that was seen; from 1.</param>
/// <param name="Delivery">What tells this call of the model from every other one.</param>
/// <param name="Model">The model's name.</param>
/// <param name="At">When (UTC).</param>
public sealed record ModelStarted(int Turn, int Attempt, string Delivery, string Model, DateTimeOffset At) : RunSignal;

/// <summary>All that a model has said so far; it stands in the place of what was shown of its answer.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Delivery">The call of the model.</param>
/// <param name="At">How many UTF-16 units of the text stand before the part that is shown; 0 if all of it is.</param>
/// <param name="Text">The text.</param>
public sealed record ModelSnapshot(int Turn, int Attempt, string Delivery, long At, string Text) : RunSignal
{
    /// <summary>Gets how many UTF-16 units of the thoughts stand before the part that is shown.</summary>
    public long ReasoningAt { get; init; }

    /// <summary>Gets what it thought.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>Gets the calls of tools that it asks for.</summary>
    public IReadOnlyList<SnapshotCall> Calls { get; init; } = [];
}

/// <summary>A call that a model is asking for.</summary>
/// <param name="Call">Its number within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Length">How many UTF-16 units of its arguments have come.</param>
/// <param name="Tail">The last of them.</param>
public sealed record SnapshotCall(int Call, string Tool, long Length, string Tail);

/// <summary>Which text of an answer grows.</summary>
public enum ModelChannel
{
    /// <summary>What the model says.</summary>
    Text,

    /// <summary>What it thinks.</summary>
    Reasoning,

    /// <summary>The arguments of a call that it asks for.</summary>
    Arguments,
}

/// <summary>More of what a model says.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Delivery">The call of the model.</param>
/// <param name="Channel">Which text grows.</param>
/// <param name="At">How many UTF-16 units of it stand before.</param>
/// <param name="Text">What is new.</param>
public sealed record ModelDelta(int Turn, int Attempt, string Delivery, ModelChannel Channel, long At, string Text) : RunSignal
{
    /// <summary>Gets the number of the call whose arguments grow.</summary>
    public int? Call { get; init; }

    /// <summary>Gets the tool of that call.</summary>
    public string? Tool { get; init; }
}

/// <summary>What was shown of an answer is void.</summary>
/// <param name="Turn">The turn; <see langword="null"/> for whatever is shown.</param>
/// <param name="Attempt">The attempt; <see langword="null"/> likewise.</param>
/// <param name="Reason">
/// Why: <c>cutOff</c> (the model is asked again, or the run ends), <c>superseded</c> (another call of the model goes on),
/// <c>redaction</c> (a secret became known), <c>thoughts</c> (words turned out to be thoughts), <c>shed</c> (the follower was too
/// slow), <c>reconnected</c>. Where the answer goes on, a snapshot follows.
/// </param>
public sealed record ModelReset(int? Turn, int? Attempt, string Reason) : RunSignal;

/// <summary>A model could not be asked, or did not answer; it is asked again.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Failures">How often it failed in a row.</param>
/// <param name="Code">The stable code of what went wrong; <see langword="null"/> if it has none.</param>
/// <param name="Message">What went wrong, in the provider's words.</param>
/// <param name="Until">When it is asked again (UTC).</param>
public sealed record ModelRetrying(int Turn, int Failures, string? Code, string Message, DateTimeOffset? Until) : RunSignal;

/// <summary>Where the run stands.</summary>
/// <param name="Status">The status.</param>
/// <param name="Now">
/// What is at work: <c>model</c>, <c>tool:NAME</c> (several names with commas), or <see langword="null"/> for nothing.
/// </param>
/// <param name="Waits">All that it waits for.</param>
/// <param name="Since">Since when it stands so (UTC).</param>
public sealed record RunStateChanged(RunStatus Status, string? Now, IReadOnlyList<RunWaiting> Waits,
    DateTimeOffset Since) : RunSignal;

/// <summary>A tool at work says how far it is.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Text">In words.</param>
public sealed record ToolProgressed(int Turn, int Call, string Tool, string Text) : RunSignal;

/// <summary>Runs of the tree that are new or stand otherwise than before; the first patch has all.</summary>
/// <param name="Rev">The number of the patch, from 1.</param>
/// <param name="Nodes">The runs, without what lies below them.</param>
public sealed record TreePatched(int Rev, IReadOnlyList<RunTree> Nodes) : RunSignal;
