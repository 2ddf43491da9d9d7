namespace AgentFunctions.Loop;

/// <summary>
/// When an execution of a lead starts no more sub-agents: it can continue as new only once those at work have ended (ADR 6).
/// </summary>
internal static class SwarmDrain
{
    /// <summary>
    /// After so many steps and events an execution starts no more sub-agents; the next one goes on with those that are queued.
    /// </summary>
    public const int MostEvents = 2_000;

    /// <summary>Determines whether an execution starts no more sub-agents.</summary>
    /// <param name="limits">What the lead is held to.</param>
    /// <param name="swarm">Its sub-agents; <see langword="null"/> if it may have none.</param>
    /// <param name="events">How many steps and events of sub-agents the execution has.</param>
    public static bool IsDue(LoopLimits limits, SwarmState? swarm, int events) =>
        limits.DrainsSubAgents == true && events >= MostEvents && !IsBlocked(swarm);

    /// <summary>Whether the lead can be told nothing until others have ended, while one that may ask it is at work.</summary>
    private static bool IsBlocked(SwarmState? swarm) => swarm is not null
        && (swarm.Awaited > 0 || swarm.Waits.Any(static wait => wait.Patient)) && swarm.Live.Any(static child => !child.Awaited);
}
