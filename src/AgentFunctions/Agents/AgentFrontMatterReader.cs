using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Agents;

/// <summary>Turns the front matter of an agent file into a definition.</summary>
internal sealed class AgentFrontMatterReader(string path, FrontMatter matter)
{
    private static readonly string[] Acting = ["write_file", "edit_file", CommandToolName.Value];

    private readonly List<AgentFileNote> _notes = [];

    /// <summary>Gets what the file's author should know.</summary>
    public IReadOnlyList<AgentFileNote> Notes => _notes;

    public AgentDefinition Read()
    {
        var agent = new AgentDefinition { Name = "", Instructions = matter.Body };
        var extra = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (FrontMatterEntry entry in matter.Entries)
        {
            string key = KeyOf(entry, seen);
            agent = key switch
            {
                "name" => agent with { Name = NameOf(entry) },
                "description" => agent with { Description = Text(entry) ?? "" },
                "model" => agent with { Model = Text(entry) is { Length: > 0 } model and not "inherit" ? model : null },
                "tools" => agent with { Tools = Tools(entry) },
                "disallowedTools" => agent with { DisallowedTools = [.. agent.DisallowedTools.Union(Tools(entry) ?? [])] },
                "mcpServers" => agent with { McpServers = new AgentToolServersReader(path, _notes).Servers(entry) },
                "effects" => agent with { Effects = new AgentToolServersReader(path, _notes).Effects(entry) },
                "scopes" => agent with { Scopes = Words(entry) },
                "delegation" => agent with { Delegation = Delegates(entry) },
                "maxTurns" => agent with { Limits = agent.Limits with { MaxTurns = (int?)Whole(entry, int.MaxValue) } },
                "maxTokens" => agent with { Limits = agent.Limits with { MaxTokens = Whole(entry, long.MaxValue) } },
                "maxDuration" => agent with { Limits = agent.Limits with { MaxDuration = Duration(entry) } },
                "pauseClock" => agent with { Limits = agent.Limits with { PausesClock = Flag(entry) } },
                "outputSchema" => agent with { OutputSchema = Schema(entry) },
                "permissionMode" when Text(entry) is "plan" => PlanOnly(Keep(agent, entry, extra), entry),
                _ => Keep(agent, entry, extra),
            };
        }

        agent = agent with { Extra = extra };
        if (agent.Delegation == Delegation.None && agent.Tools?.Contains(ClaudeCodeTools.Task) == true)
        {
            agent = agent with { Delegation = Delegation.Claude };
        }

        if (AgentDefinitionRules.FirstError(agent) is var (field, complaint))
        {
            throw AgentFile.Broken(path, matter.Entries.FirstOrDefault(e => FrontMatterKeys.Of(e.Key) == field)?.Line ?? 1,
                $"{field}: {complaint}");
        }

        if (agent.Description.Length == 0)
        {
            _notes.Add(new AgentFileNote(path, 1, "description: is missing; people and other agents choose by it."));
        }

        return agent;
    }

    private AgentDefinition Keep(AgentDefinition agent, FrontMatterEntry entry, Dictionary<string, JsonElement> extra)
    {
        extra[entry.Key] = JsonSerializer.SerializeToElement(entry.Value, CoreJsonContext.Default.JsonNode);
        _notes.Add(new AgentFileNote(path, entry.Line, $"{entry.Key}: not used here; kept with the definition."));
        return agent;
    }

    /// <summary>A key may be cased and divided otherwise: what it forbids must not be overlooked.</summary>
    private string KeyOf(FrontMatterEntry entry, HashSet<string> seen)
    {
        string key = FrontMatterKeys.Of(entry.Key);
        if (key != entry.Key)
        {
            _notes.Add(new AgentFileNote(path, entry.Line, $"{entry.Key}: read as '{key}'."));
        }

        return seen.Add(key) ? key : throw Wrong(entry, $"says again what '{key}' says; keep one of them");
    }

    private string NameOf(FrontMatterEntry entry)
    {
        string written = Text(entry) ?? "";
        string name = AgentName.Of(written);
        if (name != written && name.Length > 0)
        {
            _notes.Add(new AgentFileNote(path, entry.Line,
                $"name: '{written}' is read as '{name}'; use letters, digits, '-' and '_'."));
        }

        return name.Length > 0 ? name : written;
    }

    /// <summary>An agent that is to plan only looks.</summary>
    private AgentDefinition PlanOnly(AgentDefinition agent, FrontMatterEntry entry)
    {
        _notes.Add(new AgentFileNote(path, entry.Line,
            $"{entry.Key}: 'plan' is read as disallowedTools: {string.Join(", ", Acting)}."));
        return agent with { DisallowedTools = [.. agent.DisallowedTools.Union(Acting)] };
    }

    private string? Text(FrontMatterEntry entry) => entry.Value switch
    {
        null => null,
        JsonValue value => value.ToString().Trim(),
        _ => throw Wrong(entry, "must be text"),
    };

    private List<string>? Tools(FrontMatterEntry entry)
    {
        IEnumerable<string>? names = entry.Value switch
        {
            null => null,
            JsonArray list => list.Select(item => item is JsonValue
                ? item.ToString()
                : throw Wrong(entry, "must be a list of names")),
            JsonValue text => SplitNames(text.ToString()),
            _ => throw Wrong(entry, "must be names with commas between them, or a list of names"),
        };

        // Several of Claude Code's tools are one of ours.
        List<string>? mapped = names?.Select(static name => name.Trim()).Where(static name => name.Length > 0)
            .Select(name => Map(entry, name)).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return FrontMatterKeys.Of(entry.Key) == "tools" && mapped is ["*"] ? null : mapped;
    }

    private string[]? Words(FrontMatterEntry entry) => entry.Value switch
    {
        null => null,
        JsonArray list when list.All(static item => item is JsonValue) => [.. list.Select(static item => item!.ToString())],
        JsonValue text => text.ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
        _ => throw Wrong(entry, "must be words with blanks or commas between them, or a list of words"),
    };

    private string? Map(FrontMatterEntry entry, string name)
    {
        if (ToolPattern.Read(name) is { } pattern)
        {
            return MapPattern(entry, name, pattern);
        }

        if (ClaudeCodeTools.TryMap(name, out string? ours))
        {
            return ours;
        }

        if (ClaudeCodeTools.LooksForeign(name))
        {
            _notes.Add(new AgentFileNote(path, entry.Line,
                $"{entry.Key}: '{name}' has no counterpart here; unless the host has a tool of exactly that name, the agent goes without."));
        }

        return name;
    }

    /// <summary>Maps an entry that is about some calls of a tool only; what cannot be kept is refused, or not granted.</summary>
    private string? MapPattern(FrontMatterEntry entry, string name, ToolPattern pattern)
    {
        bool isKnown = ClaudeCodeTools.TryMap(pattern.Tool, out string? ours);
        ours ??= pattern.Tool;
        if (ours == CommandToolName.Value)
        {
            return pattern.Words.Count == 0 ? ours : $"{ours}({string.Join(' ', pattern.Words)}{(pattern.IsPrefix ? ":*" : "")})";
        }

        if (FrontMatterKeys.Of(entry.Key) == "disallowedTools")
        {
            return isKnown || !ClaudeCodeTools.LooksForeign(pattern.Tool)
                ? throw Wrong(entry, $"'{name}' forbids only some calls of '{ours}', which an agent file cannot; name the tool alone, or write a rule of the policy")
                : pattern.Tool;
        }

        if (isKnown && ours != ClaudeCodeTools.Task)
        {
            _notes.Add(new AgentFileNote(path, entry.Line,
                $"{entry.Key}: '{name}' allows only some calls of '{ours}', which is not supported; the tool is left out."));
            return null;
        }

        _notes.Add(new AgentFileNote(path, entry.Line,
            $"{entry.Key}: '{name}' has no counterpart here; the host must have a tool of exactly that name."));
        return name;
    }

    // A comma within brackets belongs to the name: Agent(planner, writer).
    private static IEnumerable<string> SplitNames(string text)
    {
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth <= 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private long? Whole(FrontMatterEntry entry, long most)
    {
        if (entry.Value is null)
        {
            return null;
        }

        return entry.Value is JsonValue value
            && long.TryParse(value.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number >= 1 && number <= most
                ? number
                : throw Wrong(entry, $"must be a whole number from 1 to {most.ToString(CultureInfo.InvariantCulture)}");
    }

    private bool Flag(FrontMatterEntry entry) => entry.Value is not null
        && (bool.TryParse(Text(entry), out bool flag) ? flag : throw Wrong(entry, "must be true or false"));

    private Delegation Delegates(FrontMatterEntry entry)
    {
        string text = Text(entry) ?? nameof(Delegation.None);
        return !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            && Enum.TryParse(text, ignoreCase: true, out Delegation delegation)
                ? delegation
                : throw Wrong(entry, "must be none, auto, native, kimi or claude");
    }

    private TimeSpan? Duration(FrontMatterEntry entry)
    {
        if (entry.Value is null)
        {
            return null;
        }

        return entry.Value is JsonValue value && DurationText.TryParse(value.ToString().Trim(), out TimeSpan duration)
            ? duration
            : throw Wrong(entry, "must be a duration such as PT5H, P2D, 90s, 30m, 5h or 2d");
    }

    private JsonElement? Schema(FrontMatterEntry entry)
    {
        try
        {
            return entry.Value switch
            {
                null => null,
                JsonObject schema => JsonSerializer.SerializeToElement(schema, CoreJsonContext.Default.JsonNode),
                JsonValue text => JsonElement.Parse(text.ToString()),
                _ => throw Wrong(entry, "must be a JSON schema"),
            };
        }
        catch (JsonException error)
        {
            throw AgentFile.Broken(path, entry.Line, $"{entry.Key}: is not valid JSON: {error.Message}", error);
        }
    }

    private AgentException Wrong(FrontMatterEntry entry, string complaint) =>
        AgentFile.Broken(path, entry.Line, $"{entry.Key}: {complaint}.");
}
