namespace AgentFunctions.Agents;

/// <summary>Specifies whether an agent may delegate to sub-agents, and by which tools.</summary>
public enum Delegation
{
    /// <summary>It may not.</summary>
    None,

    /// <summary>By the tools that its model was trained on, where the host knows; otherwise by <see cref="Native"/>.</summary>
    Auto,

    /// <summary>
    /// By <c>spawn</c>, <c>wait</c>, <c>results</c>, <c>message</c>, <c>grant</c> and <c>cancel</c>: for any model.
    /// </summary>
    Native,

    /// <summary>By Kimi's <c>create_subagent</c> and <c>assign_task</c>.</summary>
    Kimi,

    /// <summary>By Claude Code's <c>Task</c>, over the agents of this host.</summary>
    Claude,
}
