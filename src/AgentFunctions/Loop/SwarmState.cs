using System.Text.Json.Serialization;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>The sub-agents of a run, in numbers and references: what each was told and what it said is elsewhere.</summary>
internal sealed record SwarmState
{
    /// <summary>Gets the sub-agents that were started.</summary>
    public int Started { get; init; }

    /// <summary>Those of them that have ended.</summary>
    public int Ended { get; init; }

    /// <summary>Those of them that ended without an answer.</summary>
    public int Failed { get; init; }

    /// <summary>Gets the sub-agents of those that have ended.</summary>
    public int Descendants { get; init; }

    /// <summary>Gets the steps of those that have ended; part of the run's own number.</summary>
    public int Steps { get; init; }

    /// <summary>Gets what those that have ended consumed; part of the run's own number.</summary>
    public TokenUsage Usage { get; init; } = new();

    /// <summary>Gets how many the present turn waits for.</summary>
    public int Awaited { get; init; }

    /// <summary>Those that wait for their turn, in the order in which they start.</summary>
    public IReadOnlyList<ChildBatch> Queue { get; init; } = [];

    /// <summary>Those at work.</summary>
    public IReadOnlyList<LiveChild> Live { get; init; } = [];

    /// <summary>Gets the calls that wait for sub-agents.</summary>
    public IReadOnlyList<ChildWait> Waits { get; init; } = [];

    /// <summary>Gets what is kept for those that wait for their turn; <see langword="null"/> if nobody does.</summary>
    public Budget? Pool { get; init; }

    /// <summary>Gets how many are at work; for those who look at the run.</summary>
    public int Running { get; init; }

    /// <summary>Gets the run's longest chain of steps when it asked for those at work; for those who look at the run.</summary>
    public int AskedAt { get; init; }

    /// <summary>Gets how many wait for their turn.</summary>
    [JsonIgnore]
    public int Queued => Queue.Sum(static batch => batch.Count);

    /// <summary>The same with another state of one sub-agent at work.</summary>
    public SwarmState With(LiveChild child, LiveChild other) => this with
    {
        Live = [.. Live.Select(live => live == child ? other : live)],
    };

    /// <summary>Whether the sub-agents that a call waits for have ended.</summary>
    public bool IsOver(ChildWait wait)
    {
        if (wait.Names is not { } names)
        {
            return Ended >= wait.EndedTarget;
        }

        int open = names.Count(name => Live.Any(child => child.Name == name) || Queue.Any(batch => batch.Has(name)));
        return names.Count - open >= (wait.Count ?? names.Count);
    }

    /// <summary>
    /// Gets what people and programs see: the numbers. An ended run is taken up again from it, and has nobody at work.
    /// </summary>
    [JsonIgnore]
    public SwarmState Numbers => this with
    {
        Running = Live.Count,
        AskedAt = Live.Select(static child => child.CriticalSteps).DefaultIfEmpty().Max(),
        Queue = [],
        Live = [],
        Waits = [],
        Pool = null,
        Awaited = 0,
    };
}

/// <summary>Sub-agents that wait for their turn: consecutive calls of one turn, or consecutive items of one call.</summary>
/// <param name="Turn">The turn in which they were asked for.</param>
/// <param name="Call">The call; where the calls are counted, the first.</param>
/// <param name="Item">The first item; <see langword="null"/> if the calls are counted.</param>
/// <param name="Count">The number.</param>
/// <param name="First">What each begins with, but for its grant.</param>
internal sealed record ChildBatch(int Turn, int Call, int? Item, int Count, RunState First)
{
    /// <summary>Gets whether the turn waits for them.</summary>
    public bool Awaited { get; init; }

    /// <summary>Gets what each may spend at the most; <see langword="null"/> for its share.</summary>
    public Budget? Ask { get; init; }

    /// <summary>Gets how large a share each gets.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Gets which ones start first.</summary>
    public RunPriority Priority { get; init; }

    /// <summary>Gets the most bytes of each one's result that the lead is shown at once.</summary>
    public int ResultBytes { get; init; }

    /// <summary>Gets the lead's longest chain of steps when they were asked for.</summary>
    public int CriticalSteps { get; init; }

    /// <summary>Gets the name of the first.</summary>
    [JsonIgnore]
    public string Name => ChildName.Of(Turn, Call, Item);

    /// <summary>Gets how one of them begins.</summary>
    /// <param name="child">The one, with what it was granted.</param>
    /// <param name="leadId">The run that it works for.</param>
    public RunState FirstOf(LiveChild child, string leadId) => First with
    {
        Limits = First.Limits with
        {
            Budget = child.Granted,
            Swarm = child.Concurrent > 0 ? First.Limits.Swarm! with { Concurrent = child.Concurrent } : null,
        },
        Lead = new LeadLink(leadId, ResultBytes),
    };

    /// <summary>Makes the batch that a call of the lead asks for.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The call.</param>
    /// <param name="start">What it asks for.</param>
    /// <param name="criticalSteps">The lead's longest chain of steps.</param>
    public static ChildBatch Of(int turn, int call, ChildStart start, int criticalSteps) =>
        new(turn, call, start.FirstItem, start.Count, start.First)
        {
            Awaited = start.Awaited,
            Ask = start.Ask,
            Weight = start.Weight,
            Priority = start.Priority,
            CriticalSteps = criticalSteps,
        };

    /// <summary>Those after the first; <see langword="null"/> if there are none.</summary>
    [JsonIgnore]
    public ChildBatch? Rest => Count == 1
        ? null
        : this with { Count = Count - 1, Call = Item is null ? Call + 1 : Call, Item = Item + 1 };

    /// <summary>Whether another batch is the continuation of this one.</summary>
    public bool IsFollowedBy(ChildBatch next) =>
        Item is null && next == this with { Call = Call + Count, Count = next.Count };

    /// <summary>Whether a sub-agent of this name is among them.</summary>
    public bool Has(string name) => ChildName.TryParse(name, out int turn, out int call, out int? item)
        && turn == Turn
        && (Item is { } first
            ? call == Call && item >= first && item < first + Count
            : item is null && call >= Call && call < Call + Count);
}

/// <summary>A sub-agent at work.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Granted">What it may spend; nobody else may meanwhile.</param>
/// <param name="Until">When it should have ended long ago (UTC).</param>
internal sealed record LiveChild(string Name, Budget Granted, DateTimeOffset Until)
{
    /// <summary>Gets whether the turn waits for it.</summary>
    public bool Awaited { get; init; }

    /// <summary>Gets how many sub-agents of its own may be at work at a time.</summary>
    public int Concurrent { get; init; }

    /// <summary>Gets the lead's longest chain of steps when it was asked for.</summary>
    public int CriticalSteps { get; init; }
}
