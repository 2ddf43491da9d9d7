namespace AgentFunctions.Tools.Servers;

/// <summary>The names under which models see the tools of servers: <c>mcp__server__tool</c>, as Claude Code writes them.</summary>
internal static class McpToolName
{
    private const string Prefix = "mcp__";

    /// <summary>What the names of a server's tools begin with, and what stands for all of them: <c>mcp__server</c>.</summary>
    public static string Group(string server) => Prefix + ToolNames.Clean(server);

    public static string Of(string server, string tool) => ToolNames.Sanitise($"{Group(server)}__{tool}");
}
