using System.Text.Json;

namespace AgentFunctions.Tools.Mcp;

/// <summary>Tool servers in the <c>.mcp.json</c> form that Claude Code, Cursor and others share.</summary>
/// <remarks>
/// <c>{"mcpServers": {"name": {"command", "args", "env", "cwd"} | {"type": "http", "url", "headers"}}}</c>, and of this
/// library's own <c>effects</c> (by tool: <c>none</c>, <c>idempotent</c>, <c>notIdempotent</c>), <c>timeout</c> (milliseconds) and
/// <c>identity</c> (<c>true</c>, or <c>{"audience", "scopes"}</c>).
/// </remarks>
/// <param name="Servers">The servers, in the order of the file.</param>
/// <param name="Notes">What its author should know: keys that are not used here.</param>
public sealed record McpConfiguration(IReadOnlyList<McpServerDefinition> Servers, IReadOnlyList<string> Notes)
{
    private const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, at most 1 MiB.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the message names file, server and field.</exception>
    public static McpConfiguration Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        try
        {
            if (new FileInfo(full).Length > MaxBytes)
            {
                throw new AgentException(ErrorCode.InvalidInput, $"{path}: is larger than 1 MiB; split it.");
            }

            return Parse(File.ReadAllText(full), path, Path.GetDirectoryName(full));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The name to use in errors and notes.</param>
    /// <param name="folder">The folder that programs start in; <see langword="null"/> for the host's.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the message names file, server and field.</exception>
    public static McpConfiguration Parse(string text, string path, string? folder = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(path);
        using JsonDocument document = Read(text, path);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("mcpServers", out JsonElement servers) || servers.ValueKind != JsonValueKind.Object)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{path}: mcpServers: is missing; write {{\"mcpServers\": {{\"name\": {{\"command\": \"...\"}}}}}}.");
        }

        var notes = new List<string>();
        notes.AddRange(document.RootElement.EnumerateObject().Where(static member => member.Name != "mcpServers")
            .Select(member => $"{path}: {member.Name}: not used here."));
        return new McpConfiguration(
            [.. servers.EnumerateObject().Select(server =>
                new McpServerReader(path, server.Name, notes).Read(server.Value) is var read && read.Command is not null
                    ? read with { Cwd = read.Cwd is null ? folder : Path.Combine(folder ?? "", read.Cwd) }
                    : read)],
            notes);
    }

    private static JsonDocument Read(string text, string path)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{path}({e.LineNumber + 1}): is no valid JSON: {e.Message}", e);
        }
    }
}
