using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Core;

namespace AgentFunctions.Agents;

/// <summary>Reads the keys of an agent file that are about tool servers: <c>mcpServers</c> and <c>effects</c>.</summary>
internal sealed class AgentToolServersReader(string path, List<AgentFileNote> notes)
{
    /// <summary>
    /// Names of the host's servers, and definitions of the agent's own: a list of both, or an object of definitions.
    /// </summary>
    public List<AgentMcpServer>? Servers(FrontMatterEntry entry) => entry.Value switch
    {
        null => null,
        JsonArray list => [.. list.SelectMany(item => item switch
        {
            JsonValue name => [new AgentMcpServer(name.ToString())],
            JsonObject definitions => Inline(entry, definitions),
            _ => throw Wrong(entry),
        })],
        JsonObject definitions => [.. Inline(entry, definitions)],
        _ => throw Wrong(entry),
    };

    public SortedDictionary<string, ToolEffect> Effects(FrontMatterEntry entry)
    {
        var effects = new SortedDictionary<string, ToolEffect>(StringComparer.Ordinal);
        if (entry.Value is not (null or JsonObject))
        {
            throw Broken(entry, "must be an object such as {mcp__github: notIdempotent}");
        }

        foreach ((string tool, JsonNode? value) in entry.Value as JsonObject ?? [])
        {
            effects[tool] = ToolEffects.TryParse(value?.ToString() ?? "", out ToolEffect effect)
                ? effect
                : throw Broken(entry, $"{tool}: '{value}' is not a valid effect. Use none, idempotent or notIdempotent");
        }

        return effects;
    }

    private IEnumerable<AgentMcpServer> Inline(FrontMatterEntry entry, JsonObject definitions)
    {
        foreach ((string name, JsonNode? value) in definitions)
        {
            JsonElement definition = JsonSerializer.SerializeToElement(value, CoreJsonContext.Default.JsonNode);
            var remarks = new List<string>();
            new McpServerReader($"{path}({entry.Line})", name, remarks).Read(definition);
            notes.AddRange(remarks.Select(remark => new AgentFileNote(path, entry.Line,
                remark[(remark.IndexOf(": ", StringComparison.Ordinal) + 2)..])));
            yield return new AgentMcpServer(name, definition);
        }
    }

    private AgentException Wrong(FrontMatterEntry entry) =>
        Broken(entry, "must be a list of names of the host's servers, or of definitions such as {github: {command: ...}}");

    private AgentException Broken(FrontMatterEntry entry, string complaint) =>
        AgentFile.Broken(path, entry.Line, $"{entry.Key}: {complaint}.");
}
