using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework;

/// <summary>Provides functions of Agent Framework with the durable call that they serve.</summary>
public static class AIFunctionArgumentsExtensions
{
    /// <summary>
    /// Gets the key of the call: the same if the call is repeated after a crash, and different for every other call. Functions
    /// with effects pass it on. <see langword="null"/> outside a run.
    /// </summary>
    /// <param name="arguments">The arguments of the function.</param>
    public static string? IdempotencyKey(this AIFunctionArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        object? context = null;
        arguments.Context?.TryGetValue(typeof(ToolContext), out context);
        return (context as ToolContext)?.IdempotencyKey;
    }
}
