using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools;

/// <summary>Specifies how far the effects of a tool reach, which decides what holds where no rule of a policy matches.</summary>
public enum ToolReach
{
    /// <summary>
    /// Anything: tools that the host registered, those of tool servers and API descriptions, and <c>run_command</c>.
    /// </summary>
    Outside,

    /// <summary>The files of the run's workspace.</summary>
    Workspace,

    /// <summary>The runtime itself: plans, pins, notes and sub-agents, whose own calls are governed in turn.</summary>
    Runtime,
}
