using System.Text.Json;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Tools.Servers;

/// <summary>Represents tool servers in the <c>.mcp.json</c> format of Claude Code, Cursor and others.</summary>
/// <remarks>
/// <c>{"mcpServers": {"name": {"command", "args", "env", "cwd"} | {"type": "http", "url", "headers"}}}</c>, and of this
/// library's own <c>effects</c> (by tool: <c>none</c>, <c>idempotent</c>, <c>notIdempotent</c>), <c>timeout</c> (milliseconds)
/// and <c>identity</c> (<c>true</c>, or <c>{"audience", "scopes"}</c>).
/// </remarks>
/// <param name="Servers">The servers, in the order of the file.</param>
/// <param name="Notes">What its author should know: keys that are not used here.</param>
public sealed record McpConfiguration(IReadOnlyList<McpServerDefinition> Servers, IReadOnlyList<string> Notes)
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Gets what is wrong with each server that is left out; nothing by default.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, at most 1 MiB.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names file, server and field.
    /// </exception>
    public static McpConfiguration Load(string path) => Load(path, leavesOut: false);

    /// <summary>Reads a file; a server whose entry is wrong is left out: see <see cref="LeftOut"/>.</summary>
    /// <param name="path">The file, at most 1 MiB.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the file cannot be read, or is no JSON of this form.
    /// </exception>
    public static McpConfiguration LoadTolerantly(string path) => Load(path, leavesOut: true);

    private static McpConfiguration Load(string path, bool leavesOut)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        string text = TextFile.Read(full, MaxBytes,
            (line, words, error) => new AgentException(ErrorCode.InvalidInput, $"{path}({line}): {words}.", error));
        return Parse(text, path, Path.GetDirectoryName(full), leavesOut);
    }

    /// <summary>Reads text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The name to use in errors and notes.</param>
    /// <param name="folder">The folder that programs start in; <see langword="null"/> for the host's.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names file, server and field.
    /// </exception>
    public static McpConfiguration Parse(string text, string path, string? folder = null) =>
        Parse(text, path, folder, leavesOut: false);

    private static McpConfiguration Parse(string text, string path, string? folder, bool leavesOut)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(path);
        using JsonDocument document = Read(text, path, leavesOut);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("mcpServers", out JsonElement servers)
            || servers.ValueKind != JsonValueKind.Object)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"{path}: mcpServers: is missing; write {{\"mcpServers\": {{\"name\": {{\"command\": \"...\"}}}}}}.");
        }

        var notes = new List<string>();
        notes.AddRange(document.RootElement.EnumerateObject().Where(static member => member.Name != "mcpServers")
            .Select(member => $"{path}: {member.Name}: not used here."));
        var read = new List<McpServerDefinition>();
        var leftOut = new List<string>();
        foreach (JsonProperty server in servers.EnumerateObject())
        {
            try
            {
                McpServerDefinition definition = new McpServerReader(path, server.Name, notes).Read(server.Value);
                if (McpToolName.FindRival(server.Name, read) is { } rival)
                {
                    throw new AgentException(ErrorCode.InvalidInput,
                        $"{path}: mcpServers.{server.Name}: {rival} above; rename one of them.");
                }

                read.Add(definition.Command is null
                    ? definition
                    : definition with { Cwd = definition.Cwd is null ? folder : Path.Combine(folder ?? "", definition.Cwd) });
            }
            catch (AgentException e) when (leavesOut)
            {
                leftOut.Add(e.Message);
            }
        }

        return new McpConfiguration(read, notes) { LeftOut = leftOut };
    }

    private static JsonDocument Read(string text, string path, bool leavesOut)
    {
        try
        {
            return JsonDocument.Parse(text, Options with { AllowDuplicateProperties = leavesOut });
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{path}({e.LineNumber + 1}): is not valid JSON: {e.Message}", e);
        }
    }
}
