using AgentFunctions.Tools;

namespace AgentFunctions.Mcp;

/// <summary>Says that this host serves tool servers.</summary>
internal sealed class McpServersMark : IToolServers;
