namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Specifies whether a call of a tool becomes a task of the Model Context Protocol.</summary>
public enum McpTaskUse
{
    /// <summary>The call is a task if the client knows tasks; otherwise the answer waits for the run, and then names it.</summary>
    May,

    /// <summary>The call waits for the run.</summary>
    Never,

    /// <summary>The call is a task; clients that know none are refused.</summary>
    Must,
}
