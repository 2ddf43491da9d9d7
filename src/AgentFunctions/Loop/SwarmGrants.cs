using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>
/// Who may spend what in a tree, from recorded numbers alone. What sub-agents may spend together is set aside when they are
/// asked for; each takes its share of that when it starts, and what one leaves over goes to those that have not started.
/// </summary>
internal static class SwarmGrants
{
    /// <summary>
    /// The share, in percent, of what is left that sub-agents may have together while their lead waits for them.
    /// </summary>
    private const int AwaitedShare = 80;

    /// <summary>The share, in percent, where the lead goes on meanwhile.</summary>
    private const int DetachedShare = 50;

    /// <summary>How long sub-agents have to end once they were told to.</summary>
    public static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(30);

    /// <summary>How long the time of a sub-agent may stand still while it asks people, before it counts as lost.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(30);

    /// <summary>What the sub-agents hold, and what is kept for those that have not started.</summary>
    public static Budget Reserved(SwarmState swarm)
    {
        Budget reserved = swarm.Pool ?? new Budget();
        foreach (LiveChild child in swarm.Live)
        {
            reserved = reserved.With(child.Granted);
        }

        return reserved;
    }

    /// <summary>How many sub-agents may still be asked for: no grant passes the host's bound.</summary>
    public static int SubAgentsLeft(LoopLimits limits, SwarmState swarm) => Math.Max(
        0,
        Math.Min(limits.Budget.SubAgents ?? int.MaxValue,
            limits.Swarm!.SubAgents) - swarm.Started - swarm.Queued - swarm.Descendants - swarm.Live.Sum(static child => child.Granted.SubAgents ?? 0));

    /// <summary>What a call may ask for: the calls of a turn share what is left, those for one sub-agent first.</summary>
    public static SwarmAllowance Allowance(RunState state, SwarmState swarm, IReadOnlyList<string> asked, int call)
    {
        int left = SubAgentsLeft(state.Limits, swarm);
        int ones = asked.Count(SwarmToolNames.StartsOne);
        int manies = asked.Count(SwarmToolNames.StartsMany);
        int children = SwarmToolNames.StartsOne(asked[call])
            ? asked.Take(call).Count(SwarmToolNames.StartsOne) < left ? 1 : 0
            : SwarmToolNames.StartsMany(asked[call]) ? Math.Max(0, left - ones) / manies : 0;
        return new SwarmAllowance(children, Available(state, swarm).Part(AwaitedShare, 100), state.Limits.Swarm!);
    }

    /// <summary>The part, of what awaited sub-agents might have together, for those whose lead goes on meanwhile.</summary>
    public static Budget PartForDetached(Budget awaited) => awaited.Part(DetachedShare, AwaitedShare);

    /// <summary>What the run has neither spent nor promised.</summary>
    public static Budget Available(RunState state, SwarmState swarm) =>
        state.Limits.Budget.Minus(Reserved(swarm)).Minus(BudgetSplit.Spent(state.Steps, state.Usage));

    /// <summary>What is set aside for sub-agents that are asked for in one turn.</summary>
    public static Budget PoolFor(Budget available, IReadOnlyList<ChildBatch> added)
    {
        int share = added.Any(static batch => batch.Awaited || batch.Ask is not null) ? AwaitedShare : DetachedShare;
        Budget wanted = new() { Steps = 0, Tokens = 0, Usd = 0 };
        foreach (ChildBatch batch in added)
        {
            wanted = wanted.Plus(CapOf(batch).Or(available).Times(batch.Count));
        }

        return available.Part(share, 100).Narrow(wanted.LimitedBy(available));
    }

    /// <summary>The most bytes of each result, such that the results of a turn fit the lead's window.</summary>
    public static int ResultBytes(RunState state, int results) =>
        Math.Min(state.Limits.Swarm!.ResultBytes, ContextPolicy.ResultBytes(state, Math.Max(1, results), long.MaxValue));

    /// <summary>
    /// How many sub-agents of its own the next one may have at work at a time; <see langword="null"/> if it must wait for
    /// its turn.
    /// </summary>
    public static int? ConcurrentOfNext(SwarmState swarm, SwarmLimits limits)
    {
        int free = limits.Concurrent - swarm.Live.Sum(static child => 1 + child.Concurrent);
        if (free < 1)
        {
            return null;
        }

        if (swarm.Queue[0].First.Limits.Swarm is null || free == 1)
        {
            return 0;
        }

        int each = limits.Concurrent / (swarm.Live.Count + swarm.Queued);
        return Math.Clamp(each - 1, 1, free - 1);
    }

    /// <summary>The next one that starts, with what it may spend and how long its lead is patient with it.</summary>
    /// <param name="lead">The run that it works for.</param>
    /// <param name="swarm">Its sub-agents; the next one is the first that waits.</param>
    /// <param name="concurrent">How many of its own it may have at work.</param>
    /// <param name="now">The present moment.</param>
    public static LiveChild NextOf(RunState lead, SwarmState swarm, int concurrent, DateTimeOffset now)
    {
        ChildBatch next = swarm.Queue[0];
        TimeSpan most = next.First.Limits.Budget.WallClock ?? lead.Limits.Swarm!.ChildTime;
        TimeSpan time = lead.Deadline - now is { } left && left < most ? left : most;
        TimeSpan pause = next.First.Limits.PausesClock == true ? LongestPause : TimeSpan.Zero;
        long weights = swarm.Queue.Sum(static batch => (long)batch.Weight * batch.Count);
        Budget share = (swarm.Pool ?? new Budget()).Part(next.Weight, weights).Narrow(CapOf(next));
        int subAgents = concurrent == 0 ? 0 : SubAgentsLeft(lead.Limits, swarm) / (swarm.Queued + 1);
        return new LiveChild(
            next.Name, share with { WallClock = time, SubAgents = subAgents }, now + time + pause + (2 * EndGrace))
        {
            Awaited = next.Awaited,
            Concurrent = concurrent,
            CriticalSteps = next.CriticalSteps,
        };
    }

    private static Budget CapOf(ChildBatch batch)
    {
        Budget cap = batch.First.Limits.Budget;
        return batch.Ask is null ? cap : cap.Narrow(batch.Ask);
    }
}
