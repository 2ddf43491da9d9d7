using System.Text.Json.Nodes;
using AgentFunctions.Agents;

namespace AgentFunctions.Monitors.Responses;

/// <summary>A runbook: what to do, and the actions that are allowed.</summary>
/// <param name="Actions">The names of the tools with effects that may be called.</param>
/// <param name="Text">The Markdown below the front matter.</param>
internal sealed record Runbook(IReadOnlyList<string> Actions, string Text)
{
    private const string ActionsKey = "actions";

    /// <summary>Reads a runbook.</summary>
    /// <param name="markdown">The Markdown.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the front matter is broken; the message names the line.
    /// </exception>
    public static Runbook Parse(string markdown)
    {
        if (!FrontMatter.Opens(markdown))
        {
            return new Runbook([], markdown.Trim());
        }

        FrontMatter matter = FrontMatter.Read(markdown, "runbook");
        string[] actions = [];
        foreach (FrontMatterEntry entry in matter.Entries)
        {
            actions = entry switch
            {
                { Key: not ActionsKey } => actions,
                { Value: JsonArray list } when list.All(item => item is JsonValue value && value.TryGetValue(out string? _)) =>
                    [.. list.Select(item => item!.GetValue<string>())],
                _ => throw AgentFile.Broken("runbook", entry.Line,
                    "actions: list names of tools, as in 'actions: [restart_service]'."),
            };
        }

        return new Runbook(actions, matter.Body);
    }
}
