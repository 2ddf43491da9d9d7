using System.Text.Json;

namespace AgentFunctions.Agents;

/// <summary>Represents a tool server that an agent uses.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Definition">
/// The server in the form of <c>.mcp.json</c>; <see langword="null"/> for one that the host has configured under that name. Kept
/// with the definition as written: put secrets in variables (<c>${VAR}</c>), which are expanded only when the server is started.
/// </param>
public sealed record AgentMcpServer(string Name, JsonElement? Definition = null);
