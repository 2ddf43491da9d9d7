using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Represents a tool that starts a run of an agent from arguments of its own instead of a goal.</summary>
/// <param name="name">The name of the tool.</param>
/// <param name="description">The description that clients see.</param>
/// <param name="inputSchema">The JSON schema of the arguments; its type must be object.</param>
/// <param name="submit">
/// Makes the request for the run of a call. The same arguments must give the same request. It may throw
/// <c>InputRequiredException</c> to ask the client for input first, or <c>McpProtocolException</c> to refuse the call.
/// </param>
public sealed class McpAgentTool(
    string name, string description, JsonElement inputSchema, Func<RequestContext<CallToolRequestParams>, RunRequest> submit)
{
    /// <summary>Gets the name of the tool.</summary>
    public string Name { get; } = name;

    /// <summary>Gets the description that clients see.</summary>
    public string Description { get; } = description;

    /// <summary>Gets the JSON schema of the arguments.</summary>
    public JsonElement InputSchema { get; } = inputSchema;

    /// <summary>Gets whether a call becomes a task.</summary>
    /// <value>The default is <see cref="McpTaskUse.May"/>.</value>
    public McpTaskUse Tasks { get; init; }

    /// <summary>
    /// Gets what makes the result of a call from the run that has ended; <see langword="null"/> to return the run's answer. It
    /// may throw <c>McpProtocolException</c>.
    /// </summary>
    public Func<Run, CallToolResult>? Result { get; init; }

    internal Func<RequestContext<CallToolRequestParams>, RunRequest> Submit { get; } = submit;

    /// <summary>Gets the JSON schema of structured results; <see langword="null"/> for none.</summary>
    internal JsonElement? OutputSchema { get; init; }

    /// <summary>
    /// Gets the agent whose callers may use the tool; <see langword="null"/> if that is decided when the run is submitted.
    /// </summary>
    internal string? Agent { get; init; }
}
