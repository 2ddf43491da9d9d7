using System.Text.Json;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>The calls by which a run has other agents work. A sub-agent has the id of its run, which follows from the call.</summary>
internal static class SubAgentCalls
{
    /// <summary>The tools that have other agents work, and answer with what these say.</summary>
    private static readonly HashSet<string> Tools = ["assign_task", "Task", "call_agent", "spawn", "reduce"];

    /// <summary>Determines whether calls of a tool are the work of sub-agents.</summary>
    /// <param name="tool">The tool.</param>
    public static bool Starts(string tool) => Tools.Contains(tool);

    /// <summary>Gets the id of the sub-agent of a call.</summary>
    public static string IdOf(string runId, int turn, int call) => $"{runId}.{turn}-{call}";

    /// <summary>
    /// Gets the id by which a run knows a sub-agent, or one below that: a call that has several work, each on an item, is one.
    /// </summary>
    public static string KnownOf(string runId, string id) =>
        id[(runId.Length + 1)..].Split('.')[0].Split('-') is [var turn, var call, ..] ? $"{runId}.{turn}-{call}" : id;

    /// <summary>Gets the name of the agent that a call asks for; the tool's if it names none.</summary>
    /// <param name="call">The call.</param>
    public static string NameOf(AskedCall call)
    {
        foreach (string name in (string[])["agent", "subagent_type", "name"])
        {
            if (call.Arguments.ValueKind == JsonValueKind.Object && call.Arguments.TryGetProperty(name, out JsonElement value)
                && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
            {
                return text;
            }
        }

        return call.Tool;
    }
}
