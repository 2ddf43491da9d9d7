using System.Text.Json;
using AgentFunctions.Tools;

namespace AgentFunctions.Testing;

/// <summary>
/// Represents one execution of a tool's function: what happened in the world, and not what the run knows of it.
/// </summary>
/// <param name="RunId">The run.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Effect">What the tool does to the world.</param>
/// <param name="IdempotencyKey">The key of the call: the same for each execution of one call.</param>
/// <param name="Arguments">The arguments as the function received them.</param>
/// <param name="At">The virtual time of the execution.</param>
public sealed record ToolExecution(
    string RunId, string Tool, ToolEffect Effect, string IdempotencyKey, IReadOnlyDictionary<string, JsonElement> Arguments,
    DateTimeOffset At)
{
    /// <summary>Gets whether the function returned; <see langword="false"/> if it threw.</summary>
    public bool Returned { get; init; }

    /// <summary>Gets an argument.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name.</param>
    /// <exception cref="KeyNotFoundException">There is no such argument.</exception>
    public T? Argument<T>(string name) => Arguments[name].Deserialize<T>(JsonSerializerOptions.Web);
}
