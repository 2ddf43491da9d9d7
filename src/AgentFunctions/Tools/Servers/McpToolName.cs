using AgentFunctions.Agents.ToolServers;

namespace AgentFunctions.Tools.Servers;

/// <summary>
/// The names under which models see the tools of servers: <c>mcp__server__tool</c>, as Claude Code writes them.
/// </summary>
internal static class McpToolName
{
    private const string Prefix = "mcp__";

    /// <summary>What the names of a server's tools begin with, and what stands for all of them: <c>mcp__server</c>.</summary>
    public static string Group(string server) => Prefix + ToolNames.Clean(server);

    /// <summary>Finds a server whose tools could not be told by their names from those of another; says so in words.</summary>
    /// <param name="server">The name of the other.</param>
    /// <param name="known">The servers.</param>
    public static string? FindRival(string server, IEnumerable<McpServerDefinition> known)
    {
        string group = Group(server);
        return known.FirstOrDefault(one => ToolNames.Overlap(Group(one.Name), group)) is not { } rival ? null
            : Group(rival.Name) == group ? "there is a server of this name"
            : $"the names of its tools ({group}__…) could be those of the server '{rival.Name}' ({Group(rival.Name)}__…)";
    }

    public static string Of(string server, string tool) => ToolNames.Sanitise($"{Group(server)}__{tool}");
}
