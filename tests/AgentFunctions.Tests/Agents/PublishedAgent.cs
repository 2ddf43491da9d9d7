using System.Text;

namespace AgentFunctions.Tests.Agents;

/// <summary>Writes agent files with the habits and slips of published ones.</summary>
internal static class PublishedAgent
{
    private static readonly string[] Tools =
    [
        "Read", "Write", "Edit", "MultiEdit", "Bash", "Grep", "Glob", "LS", "WebFetch", "WebSearch", "TodoWrite", "Task",
        "NotebookEdit", "Skill",
        "BashOutput", "KillShell", "mcp__github__search", "mcp__context7__*", "Bash(git:*)", "Bash(npm run test:*)",
        "WebFetch(domain:docs.rs)", "read",
    ];

    private static readonly string[] Models =
    [
        "sonnet", "opus", "haiku", "inherit", "claude-sonnet-4-5-20250929", "gpt-4o", "openai/gpt-5", "sonnet[1m]", "\"opus\"",
        "'haiku'", "default",
    ];

    private static readonly string[] Unknown =
    [
        "color: purple", "color: \"#ff00aa\"", "version: 1.2.0", "tags: [a, b]", "skills: [one, two]",
        "permissionMode: acceptEdits", "memory: project",
        "author: Ann <ann@example.com>", "hooks:\n  Stop:\n    - command: ./x.sh", "priority: 3", "category: \"quality\"",
        "isolation: worktree",
    ];

    private static readonly string[] Descriptions =
    [
        "Reviews code for quality and security.",
        "Use this agent when: the tests fail, or you need help",
        "\"Expert in Rust: ownership, lifetimes & async\"",
        "'It''s for writing docs'",
        "|\n  Use this agent.\n\n  Examples:\n  - one: two",
        ">-\n  Folded\n  text",
        "Use this agent to review. Examples:\n\n<example>\nContext: A change is ready\nuser: \"Look at it\"\nassistant: \"I use it.\"\n<commentary>\nWhy: it fits\n</commentary>\n</example>\n",
        "Use PROACTIVELY. Examples: <example>Context: x\\n user: 'go'\\n assistant: \"ok: done\"</example>",
        "@expert of #things - [really]: {yes}",
        "* must be used for all database work: always",
        "\"Quoted: with \\\"inner\\\" quotes\nand a second line",
        "设计评审：检查 API，给出建议",
        "`code` first: then words\n- a list: of things\n- more",
    ];

    public static byte[] Write(Random random, int number)
    {
        var lines = new List<string>
        {
            $"name: {Name(random, number)}",
            $"description: {Pick(random, Descriptions)}",
        };
        if (random.Next(4) > 0)
        {
            lines.Add($"tools: {ToolList(random)}");
        }

        if (random.Next(8) == 0)
        {
            lines.Add($"{Pick(random, ["disallowedTools", "disallowed-tools"])}: {Pick(random, ["Write, Edit", "[Bash]", "Bash(rm:*)", "WebFetch", "mcp__*"])}");
        }

        if (random.Next(4) > 0)
        {
            lines.Add($"model: {Pick(random, Models)}");
        }

        for (int more = random.Next(3); more > 0; more--)
        {
            lines.Add(Pick(random, Unknown) is var line && lines.Exists(known => known.Split(':')[0] == line.Split(':')[0])
                ? ""
                : line);
        }

        if (random.Next(50) == 0)
        {
            // Beyond help.
            lines.Add("tools: [Read, Grep");
            lines.Add("effects: soon");
        }

        string trailing = Pick(random, ["", "", " ", "  "]);
        string text = $"---{trailing}\n{string.Join('\n', lines)}\n---{trailing}\n\n# Role\nYou are an expert.\n\n---\n\tMore.\n";
        text = random.Next(5) == 0 ? text.ReplaceLineEndings("\r\n") : text;
        return [.. random.Next(10) == 0 ? Encoding.UTF8.Preamble.ToArray() : [], .. Encoding.UTF8.GetBytes(text)];
    }

    private static string Name(Random random, int number) => random.Next(8) switch
    {
        0 => $"Code Reviewer {number}",
        1 => $"python.expert.{number}",
        2 => $"\"quoted-{number}\"",
        3 => $"under_score_{number}",
        _ => $"agent-{number}",
    };

    private static string ToolList(Random random)
    {
        string[] some = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => Pick(random, Tools))];
        return random.Next(6) switch
        {
            0 => $"[{string.Join(", ", some.Select(static tool => $"\"{tool}\""))}]",
            1 => "\n" + string.Join('\n', some.Select(static tool => $"  - {tool}")),
            2 => "\"*\"",
            3 => string.Join(",", some),
            4 => "",
            _ => string.Join(", ", some),
        };
    }

    private static string Pick(Random random, string[] all) => all[random.Next(all.Length)];
}
