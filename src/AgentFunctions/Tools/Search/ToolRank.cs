namespace AgentFunctions.Tools.Search;

/// <summary>Specifies how a tool ranks where not all can be shown.</summary>
internal enum ToolRank
{
    /// <summary>What the host registered, and what tool servers and API descriptions bring.</summary>
    Added,

    /// <summary>The runtime's own and the workspace's: always shown.</summary>
    BuiltIn,
}
