namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>What those who listen to a task are told of an event of its run.</summary>
internal enum TaskTelling
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>What the agent said, if it said anything, and the calls that it asks for.</summary>
    Words,

    /// <summary>That a sub-agent begins, if the call is one's work.</summary>
    SubAgent,

    /// <summary>Where the task stands now.</summary>
    Status,

    /// <summary>The files that are new, and what became of a sub-agent.</summary>
    Files,
}
