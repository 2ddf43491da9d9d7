namespace AgentFunctions.Loop;

/// <summary>
/// Says what an ended run's answer does not rest on, though the run asked for it: sub-agents that were refused or failed.
/// </summary>
internal static class SwarmNote
{
    /// <summary>Gets the note.</summary>
    /// <param name="state">Where the run ended.</param>
    /// <returns>The note; <see langword="null"/> if every sub-agent that was asked for answered.</returns>
    public static string? Of(RunState state)
    {
        int refused = state.RefusedSpawns ?? 0;
        SwarmState swarm = state.Swarm ?? new SwarmState();
        if (swarm.Started == 0)
        {
            return refused == 0
                ? null
                : $"No sub-agent was started: {Count(refused, "call")} for some failed. The answer rests on the agent's own work alone.";
        }

        string[] parts =
        [
            .. swarm.Failed == 0 ? (string[])[]
                : swarm.Failed == swarm.Started ? [$"None of {Count(swarm.Started, "sub-agent")} gave an answer"]
                : [$"{swarm.Failed} of {Count(swarm.Started, "sub-agent")} gave no answer"],
            .. refused == 0 ? (string[])[] : [$"{Count(refused, "call")} for sub-agents failed"],
        ];
        return parts.Length == 0 ? null : $"{string.Join("; ", parts)}. The answer may lack their part.";
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
