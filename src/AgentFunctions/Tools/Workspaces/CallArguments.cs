using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Arguments of a call, for probes, which receive them as the model sent them.</summary>
internal static class CallArguments
{
    /// <summary>An argument that must be text.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="name">Its name.</param>
    public static string Text(AIFunctionArguments arguments, string name) =>
        arguments.TryGetValue(name, out object? value) && (value as string ?? (value as JsonElement?)?.GetString()) is { } text
            ? text
            : throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{name}: is missing or no text.");
}
