using System.Collections.Immutable;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>The runs that are at work and those that wait for a place.</summary>
internal sealed record QueueState
{
    /// <summary>Gets the last number that was given out.</summary>
    public long LastTicket { get; init; }

    /// <summary>Those at work.</summary>
    public ImmutableList<QueuedRun> Active { get; init; } = [];

    /// <summary>Those that wait, in the order in which they came.</summary>
    public ImmutableList<QueuedRun> Waiting { get; init; } = [];

    /// <summary>Starts whatever the limits let start.</summary>
    public QueueState Promoted(QueueLimits limits, DateTimeOffset now)
    {
        QueueState state = this;
        while (limits.Next(state, now) is { } next)
        {
            state = state with { Waiting = state.Waiting.Remove(next), Active = state.Active.Add(next with { StartedAt = now }) };
        }

        return state;
    }

    /// <summary>With a run as it is now.</summary>
    public QueueState With(QueuedRun now) => this with
    {
        Active = [.. Active.Select(run => run.Ticket == now.Ticket ? now : run)],
        Waiting = [.. Waiting.Select(run => run.Ticket == now.Ticket ? now : run)],
    };

    /// <summary>Without some runs.</summary>
    public QueueState Without(Func<QueuedRun, bool> gone) =>
        Active.Exists(run => gone(run)) || Waiting.Exists(run => gone(run))
            ? this with { Active = Active.RemoveAll(run => gone(run)), Waiting = Waiting.RemoveAll(run => gone(run)) }
            : this;
}

/// <summary>A run that has a place or waits for one.</summary>
/// <param name="Id">The run.</param>
/// <param name="Caller">Who asked for it, as a short hash.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Ticket">Its number, in the order in which runs came.</param>
/// <param name="At">When it came (UTC).</param>
internal sealed record QueuedRun(string Id, string Caller, RunPriority Priority, long Ticket, DateTimeOffset At)
{
    /// <summary>Its labels that a limit is for, each as a short hash.</summary>
    public ImmutableList<string> Labels { get; init; } = [];

    /// <summary>Gets when it got its place (UTC); <see langword="null"/> while it waits.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>
    /// Gets when it was last heard of on its way to its start, if that was long after it came (UTC); <see langword="null"/> if not.
    /// </summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>Gets whether the run knows that it has its place.</summary>
    public bool IsTold { get; init; }
}
