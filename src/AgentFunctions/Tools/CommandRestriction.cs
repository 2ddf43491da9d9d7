using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core;

namespace AgentFunctions.Tools;

/// <summary>Keeps an agent to the commands that its definition allows and from those that it disallows.</summary>
internal static class CommandRestriction
{
    /// <summary>
    /// Determines whether an entry is about some commands only, so that it neither gives nor takes the whole tool.
    /// </summary>
    /// <param name="entry">The entry of an agent's list of tools.</param>
    public static bool IsPattern(string entry) => ToolPattern.Read(entry)?.Tool == CommandToolName.Value;

    /// <summary>Makes the tool as an agent has it.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="tool">The tool.</param>
    public static AgentTool Of(AgentDefinition agent, AgentTool tool)
    {
        if (tool.Name != CommandToolName.Value)
        {
            return tool;
        }

        ToolPattern[] no = [.. Patterns(agent.DisallowedTools)];
        ToolPattern[] only = agent.Tools is { } tools && !tools.Contains(CommandToolName.Value) ? [.. Patterns(tools)] : [];
        return no.Length == 0 && only.Length == 0 ? tool : tool.WithCheck(arguments => Error(agent, tool, no, only, arguments));
    }

    private static string? Error(AgentDefinition agent, AgentTool tool, ToolPattern[] no, ToolPattern[] only,
        IReadOnlyDictionary<string, JsonElement> arguments)
    {
        string command = arguments.TryGetValue("command", out JsonElement program) && program.ValueKind == JsonValueKind.String
            ? program.GetString()!
            : "";
        string[] rest = arguments.TryGetValue("arguments", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray()
                .Select(static item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())]
            : [];
        if (no.FirstOrDefault(pattern => pattern.Forbids(command, rest)) is { } forbidding)
        {
            return $"the definition of agent '{agent.Name}' disallows '{string.Join(' ', forbidding.Words)}'. Nothing was done.";
        }

        if (no.Length > 0 && ToolPattern.IsRunner(command) && tool.MayRunAny?.Invoke(command) != false
            && !no.All(pattern => pattern.Words.Count > 0 && pattern.Words[0] == command))
        {
            return $"the definition of agent '{agent.Name}' disallows commands, which '{command}' could run by its arguments. Nothing was done.";
        }

        return only.Length > 0 && !only.Any(pattern => pattern.Allows(command, rest))
            ? $"the definition of agent '{agent.Name}' allows only: {string.Join(", ", only.Select(static pattern => string.Join(' ', pattern.Words) + (pattern.IsPrefix ? " …" : "")))}."
            : null;
    }

    private static IEnumerable<ToolPattern> Patterns(IEnumerable<string> entries) =>
        entries.Where(IsPattern).Select(static entry => ToolPattern.Read(entry)!);
}
