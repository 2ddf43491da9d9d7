using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Represents an agent as a tool of its own kind: with arguments of its own instead of a goal.</summary>
/// <param name="name">The name of the tool.</param>
/// <param name="description">What clients are told of it.</param>
/// <param name="inputSchema">The JSON schema of its arguments: an object.</param>
/// <param name="submit">
/// Makes the run of a call. It must make the same run of the same arguments. It may throw <c>InputRequiredException</c> to ask the client first,
/// and <c>McpProtocolException</c> to refuse the call.
/// </param>
public sealed class McpAgentTool(
    string name, string description, JsonElement inputSchema, Func<RequestContext<CallToolRequestParams>, RunRequest> submit)
{
    /// <summary>Gets the name of the tool.</summary>
    public string Name { get; } = name;

    /// <summary>Gets what clients are told of it.</summary>
    public string Description { get; } = description;

    /// <summary>Gets the JSON schema of its arguments.</summary>
    public JsonElement InputSchema { get; } = inputSchema;

    /// <summary>Gets whether a call becomes a task; by default if the client knows tasks.</summary>
    public McpTaskUse Tasks { get; init; }

    /// <summary>
    /// Gets what makes the result of a call of the run that has ended; by default its answer. It may throw <c>McpProtocolException</c>.
    /// </summary>
    public Func<Run, CallToolResult>? Result { get; init; }

    internal Func<RequestContext<CallToolRequestParams>, RunRequest> Submit { get; } = submit;

    /// <summary>Gets the JSON schema of structured results; <see langword="null"/> for none.</summary>
    internal JsonElement? OutputSchema { get; init; }

    /// <summary>Gets the agent whose callers may use it; <see langword="null"/> if only the submission tells.</summary>
    internal string? Agent { get; init; }
}
