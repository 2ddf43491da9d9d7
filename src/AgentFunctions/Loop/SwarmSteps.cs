using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>The tools whose effect is the loop's: what they ask for is decided here, not where they are called.</summary>
internal static class SwarmToolNames
{
    public const string CreateSubAgent = "create_subagent";
    public const string AssignTask = "assign_task";
    public const string Task = "Task";
    public const string Spawn = "spawn";
    public const string Wait = "wait";
    public const string Results = "results";
    public const string Reduce = "reduce";
    public const string Message = "message";
    public const string Grant = "grant";
    public const string Cancel = "cancel";

    /// <summary>Calls an agent of this host, which is a sub-agent then, or of another one.</summary>
    public const string CallAgent = "call_agent";

    /// <summary>Whether a call of the tool starts one sub-agent.</summary>
    public static bool StartsOne(string tool) => tool is AssignTask or Task or CallAgent;

    /// <summary>Whether a call of the tool starts any number of sub-agents.</summary>
    public static bool StartsMany(string tool) => tool is Spawn or Reduce;

    /// <summary>Whether a call of the tool starts sub-agents that work on the goal.</summary>
    public static bool Starts(string tool) => StartsOne(tool) || StartsMany(tool);

    public static bool IsOne(string tool) => StartsOne(tool) || StartsMany(tool)
        || tool is CreateSubAgent or Wait or Results or Message or Grant or Cancel;
}

/// <summary>What a call of a swarm tool may ask for, decided before it is made.</summary>
/// <param name="Children">The most sub-agents that it may start.</param>
/// <param name="Left">What they may be granted together.</param>
/// <param name="Limits">What the run is held to.</param>
internal sealed record SwarmAllowance(int Children, Budget Left, SwarmLimits Limits)
{
    /// <summary>Gets how often the call was taken up again after it had waited; 0 for the first time.</summary>
    public int Phase { get; init; }

    /// <summary>Gets the sub-agents that the call waited for, where it named them.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>
    /// For a call that was taken up again: the sub-agents at work. Others have reported, though their runs may still be seen to
    /// end.
    /// </summary>
    public IReadOnlyList<string>? AtWork { get; init; }
}

/// <summary>What a call of a swarm tool asks the loop to do.</summary>
internal sealed record SwarmRequest
{
    /// <summary>Start these; they are on record already.</summary>
    public ChildStart? Start { get; init; }

    /// <summary>Wait for these, then take the call up again.</summary>
    public ChildWait? Wait { get; init; }

    /// <summary>Let one spend more.</summary>
    public ChildGrant? Grant { get; init; }
}

/// <summary>Sub-agents that are alike but for their goal.</summary>
/// <param name="Count">The number.</param>
/// <param name="First">What each begins with, but for its grant.</param>
internal sealed record ChildStart(int Count, RunState First)
{
    /// <summary>
    /// Gets the number of the first among the items of the call; <see langword="null"/> for the one sub-agent of it.
    /// </summary>
    public int? FirstItem { get; init; }

    /// <summary>Gets whether the turn waits for them, and their results are the outcomes of its calls.</summary>
    public bool Awaited { get; init; }

    /// <summary>Gets what each may spend at the most; <see langword="null"/> for its share.</summary>
    public Budget? Ask { get; init; }

    /// <summary>Gets how large a share each gets, against others that start in the same turn.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Gets which ones start first.</summary>
    public RunPriority Priority { get; init; } = RunPriority.Normal;
}

/// <summary>A call that is taken up again when sub-agents have ended.</summary>
/// <param name="Names">The sub-agents; <see langword="null"/> for all that are at work or wait for their turn.</param>
/// <param name="Count">How many of them must have ended; <see langword="null"/> for all.</param>
/// <param name="Until">When to take it up in any case (UTC).</param>
internal sealed record ChildWait(IReadOnlyList<string>? Names = null, int? Count = null, DateTimeOffset? Until = null)
{
    /// <summary>Gets whether it is not taken up early when somebody says something.</summary>
    public bool Patient { get; init; }

    /// <summary>Gets the turn and the call, as the loop enters them.</summary>
    public int Turn { get; init; }

    /// <summary>Gets the number of the call within its turn.</summary>
    public int Call { get; init; }

    /// <summary>Gets how often the call was taken up.</summary>
    public int Phase { get; init; }

    /// <summary>Gets how many sub-agents of the run must have ended, where none is named.</summary>
    public int EndedTarget { get; init; }
}

/// <summary>More for a sub-agent at work.</summary>
/// <param name="Name">Which one.</param>
/// <param name="More">What comes on top.</param>
internal sealed record ChildGrant(string Name, Budget More);

/// <summary>What a sub-agent tells its lead when it has ended; it comes as the external event <see cref="EventName"/>.</summary>
/// <param name="Name">The sub-agent's name.</param>
/// <param name="Status">Its final status.</param>
/// <param name="Steps">Its steps, those of its own sub-agents included.</param>
/// <param name="Usage">What its model calls consumed, with those of its own sub-agents.</param>
/// <param name="CriticalSteps">Its longest chain of steps.</param>
/// <param name="Bytes">The size of its result as the lead is shown it.</param>
/// <param name="SubAgents">How many sub-agents it had in its turn.</param>
/// <param name="Granted">What it was allowed to spend in the end.</param>
internal sealed record ChildEnded(
    string Name, RunStatus Status, int Steps, TokenUsage Usage, int CriticalSteps, int Bytes, int SubAgents, Budget Granted)
{
    /// <summary>The name of the event.</summary>
    public const string EventName = "childEnded";

    /// <summary>Gets the parts of <see cref="Usage"/> by other models than the lead's; <see langword="null"/> for none.</summary>
    public IReadOnlyDictionary<string, TokenUsage>? UsageOfOthers { get; init; }

    /// <summary>The report of a run.</summary>
    public static ChildEnded Of(string runId, RunOutcome outcome, int bytes)
    {
        RunState state = outcome.State;
        int subAgents = state.Swarm is { } swarm ? swarm.Started + swarm.Descendants : 0;
        return new ChildEnded(
            ChildName.NameOf(runId), outcome.Status, state.Steps, state.Usage, state.CriticalSteps, bytes, subAgents,
            state.Limits.Budget)
        {
            UsageOfOthers = ModelShares.OfChild(state),
        };
    }

    /// <summary>What stands for the report of a sub-agent that gives none: it is taken to have spent all that it might.</summary>
    public static ChildEnded Lost(LiveChild child) => new(
        child.Name, RunStatus.Failed, child.Granted.Steps ?? 0,
        new TokenUsage(child.Granted.Tokens ?? 0, Usd: child.Granted.Usd ?? 0), 0, 0,
        child.Granted.SubAgents ?? 0, child.Granted);
}

/// <summary>Tell a lead how its sub-agent ended.</summary>
/// <param name="Bytes">The size of the result as the lead is shown it.</param>
internal sealed record ReportResult(int Bytes);

/// <summary>End sub-agents that did not hear that they shall.</summary>
/// <param name="RunIds">The sub-agents' runs.</param>
internal sealed record EndChildrenInput(IReadOnlyList<string> RunIds);
