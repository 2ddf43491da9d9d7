namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Specifies whether a call of a tool becomes a task of the Model Context Protocol.</summary>
public enum McpTaskUse
{
    /// <summary>The call becomes a task if the client supports tasks; otherwise it waits for the run.</summary>
    May,

    /// <summary>The call waits for the run.</summary>
    Never,

    /// <summary>The call becomes a task; a client that does not support tasks is refused.</summary>
    Must,
}
