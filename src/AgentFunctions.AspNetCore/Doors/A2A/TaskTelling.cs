namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>What those who listen to a task are told of an event of its run.</summary>
internal enum TaskTelling
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>What the agent said, if it said anything.</summary>
    Words,

    /// <summary>Where the task stands now.</summary>
    Status,

    /// <summary>The files that are new.</summary>
    Files,
}
