using System.Collections.Immutable;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Represents a call with effects that has not been reviewed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Requester">Who asked for the run.</param>
/// <param name="Arguments">The beginning of the arguments, secrets left out.</param>
/// <param name="At">When it was about to be made (UTC).</param>
public sealed record Change(
    string Id, string RunId, int Turn, int Call, string Tool, string Agent, string Requester, string Arguments,
    DateTimeOffset At);

/// <summary>The changes of one label's value, and the calls that wait until there is room for them.</summary>
internal sealed record ReviewState
{
    /// <summary>The most calls that are known to wait; further ones look by themselves.</summary>
    private const int MaxWaiting = 1_000;

    /// <summary>Gets the label as <c>name=value</c>.</summary>
    public string Label { get; init; } = "";

    /// <summary>Gets the changes that nobody has reviewed, the oldest first.</summary>
    public ImmutableList<Change> Open { get; init; } = [];

    /// <summary>Gets the calls that wait, in the order in which they came.</summary>
    public ImmutableList<WaitingChange> Waiting { get; init; } = [];

    /// <summary>Whether a call has its place already, or there is room for it and for all that came before it.</summary>
    public bool HasRoom(string id, int capacity)
    {
        int place = Waiting.FindIndex(waiting => waiting.Id == id);
        return Open.Exists(change => change.Id == id) || Open.Count + (place < 0 ? Waiting.Count : place) < capacity;
    }

    /// <summary>Enters a call that will be made.</summary>
    public ReviewState With(Change change) => Open.Exists(known => known.Id == change.Id)
        ? this
        : this with { Open = Open.Add(change), Waiting = Waiting.RemoveAll(waiting => waiting.Id == change.Id) };

    /// <summary>Enters a call that looked and has to wait.</summary>
    public ReviewState Waits(WaitingChange waiting)
    {
        int place = Waiting.FindIndex(known => known.Id == waiting.Id);
        return place >= 0 ? this with { Waiting = Waiting.SetItem(place, waiting) }
            : Waiting.Count < MaxWaiting ? this with { Waiting = Waiting.Add(waiting) }
            : this;
    }

    /// <summary>Without calls that should have looked long ago: their runs are held or gone, and must not keep others.</summary>
    public ReviewState WithoutLost(DateTimeOffset now) =>
        Waiting.Exists(waiting => waiting.IsLost(now))
            ? this with { Waiting = Waiting.RemoveAll(waiting => waiting.IsLost(now)) }
            : this;
}

/// <summary>A call that waits for room.</summary>
/// <param name="Id">Its id.</param>
/// <param name="RunId">The run.</param>
/// <param name="EventName">The event that wakes it.</param>
/// <param name="Since">Since when it waits (UTC).</param>
/// <param name="NextLook">When it looks by itself (UTC).</param>
/// <param name="Looks">How often it has looked.</param>
internal sealed record WaitingChange(string Id, string RunId, string EventName, DateTimeOffset Since, DateTimeOffset NextLook,
    int Looks)
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    public bool IsLost(DateTimeOffset now) => NextLook + Grace < now;
}
