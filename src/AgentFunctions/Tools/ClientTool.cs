using System.Text.Json;

namespace AgentFunctions.Tools;

/// <summary>
/// Represents a tool that whoever submits a goal brings along and executes: the run waits for the answer to each call as it waits
/// for a job.
/// </summary>
/// <param name="Name">
/// The name that the model calls it by: 1 to 64 letters, digits, <c>_</c> and <c>-</c>, without <c>__</c>. It must not be the
/// name of a tool that the agent has.
/// </param>
public sealed record ClientTool(string Name)
{
    /// <summary>Gets what the model is told of it; empty by default.</summary>
    public string Description { get; init; } = "";

    /// <summary>Gets the JSON schema of its arguments; <see langword="null"/>, the default, for no arguments.</summary>
    public JsonElement? Schema { get; init; }
}
