using AgentFunctions.Core.Text;

namespace AgentFunctions.Agents;

/// <summary>Represents an agent file: Markdown with YAML front matter, in the format of Claude Code's subagents.</summary>
/// <remarks>
/// Front matter: <c>name</c>, <c>description</c>, <c>tools</c>, <c>disallowedTools</c>, <c>mcpServers</c>, <c>model</c>,
/// <c>maxTurns</c>, and of this library's own <c>effects</c> (by tool: <c>none</c>, <c>idempotent</c>, <c>notIdempotent</c>),
/// <c>maxTokens</c>, <c>maxDuration</c> (ISO 8601 such as <c>PT5H</c>, or <c>90s</c>, <c>30m</c>, <c>5h</c>, <c>2d</c>) and
/// <c>outputSchema</c>. The text below it is the instructions. The format: https://code.claude.com/docs/en/sub-agents.
/// </remarks>
/// <param name="Path">The file.</param>
/// <param name="Definition">The agent.</param>
/// <param name="Notes">What its author should know.</param>
public sealed record AgentFile(string Path, AgentDefinition Definition, IReadOnlyList<AgentFileNote> Notes)
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads an agent from a file.</summary>
    /// <param name="path">The file, at most 1 MiB of UTF-8.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the file cannot be read or is broken; the message names file and line.
    /// </exception>
    public static AgentFile Load(string path) => Parse(ReadText(path), path);

    /// <summary>Reads an agent from text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The name to use in errors and notes.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the text is broken; the message names file and line.
    /// </exception>
    public static AgentFile Parse(string text, string path)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(path);
        FrontMatter matter = FrontMatter.Read(text, path);
        var reader = new AgentFrontMatterReader(path, matter);
        return new AgentFile(path, reader.Read(), [.. matter.Notes, .. reader.Notes]);
    }

    /// <summary>Whether a text could be an agent's at all: it begins with front matter.</summary>
    /// <param name="text">The text.</param>
    internal static bool HasFrontMatter(string text) => FrontMatter.Opens(text);

    internal static string ReadText(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return TextFile.Read(path, MaxBytes, (line, words, error) => Broken(path, line, $"the file {words}.", error));
    }

    internal static AgentException Broken(string path, int line, string message, Exception? innerException = null) =>
        new(ErrorCode.InvalidInput, new AgentFileNote(path, line, message).ToString(), innerException);
}
