using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Tools;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>Applies what a server's definition says about its tools.</summary>
internal static class McpToolRules
{
    /// <summary>Determines whether a tool is offered to agents.</summary>
    /// <param name="definition">The server.</param>
    /// <param name="tool">The tool.</param>
    public static bool Offers(this McpServerDefinition definition, Tool tool) =>
        definition.OnlyTools?.Contains(tool.Name) != false && !definition.DisabledTools.Contains(tool.Name);

    /// <summary>
    /// Gets what calls of a tool may do: what the configuration says, else the server's own hints; a server that says nothing may
    /// do anything.
    /// </summary>
    /// <param name="definition">The server.</param>
    /// <param name="tool">The tool.</param>
    public static ToolEffect EffectOf(this McpServerDefinition definition, Tool tool) => tool switch
    {
        _ when definition.Effects.TryGetValue(tool.Name, out ToolEffect configured) => configured,
        { Annotations.ReadOnlyHint: true } => ToolEffect.None,
        { Annotations.IdempotentHint: true } => ToolEffect.Idempotent,
        _ => ToolEffect.NotIdempotent,
    };
}
