using System.Diagnostics.CodeAnalysis;

namespace AgentFunctions.Agents;

/// <summary>Claude Code's names of tools in this library's words, so that its agent files work as they are.</summary>
internal static class ClaudeCodeTools
{
    /// <summary>The tool by which Claude Code hands work to sub-agents; here it has the same name.</summary>
    public const string Task = "Task";

    private static readonly Dictionary<string, string> Ours = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Read"] = "read_file",
        ["Grep"] = "search_files",
        ["Glob"] = "list_files",
        ["LS"] = "list_files",
        ["Write"] = "write_file",
        ["Edit"] = "edit_file",
        ["MultiEdit"] = "edit_file",
        ["Bash"] = "run_command",
        ["NotebookRead"] = "read_file",
        ["NotebookEdit"] = "edit_file",
        ["TodoWrite"] = "update_plan",
        ["TodoRead"] = "update_plan",
        ["WebFetch"] = "web_fetch",
        [Task] = Task,
        ["Agent"] = Task,
    };

    /// <summary>Finds this library's tool for one of Claude Code's.</summary>
    /// <param name="name">Claude Code's name.</param>
    /// <param name="ours">This library's.</param>
    public static bool TryMap(string name, [NotNullWhen(true)] out string? ours) => Ours.TryGetValue(name, out ours);

    /// <summary>Whether a name is spelt as Claude Code spells its own tools: with a capital first.</summary>
    /// <param name="name">The name.</param>
    public static bool LooksForeign(string name) => name.Length > 0 && char.IsAsciiLetterUpper(name[0]);
}
