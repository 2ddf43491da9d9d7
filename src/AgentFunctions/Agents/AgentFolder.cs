using System.IO.Enumeration;

namespace AgentFunctions.Agents;

/// <summary>A folder of agent files.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Files">Its agents, in ordinal order of their paths.</param>
/// <param name="Notes">What their authors should know.</param>
public sealed record AgentFolder(string Path, IReadOnlyList<AgentFile> Files, IReadOnlyList<AgentFileNote> Notes)
{
    /// <summary>Reads every <c>*.md</c> of a folder and its subfolders. Files without front matter (a README) are left out with a note.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: there is no such folder, a file is broken, or two agents have one name; the
    /// message names the files.
    /// </exception>
    public static AgentFolder Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (!Directory.Exists(path))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"agents: there is no folder '{path}'; create it or name another.");
        }

        var files = new Dictionary<string, AgentFile>(StringComparer.Ordinal);
        var notes = new List<AgentFileNote>();
        foreach (string file in MarkdownFiles(path).Order(StringComparer.Ordinal))
        {
            string text = AgentFile.ReadText(file);
            if (!AgentFile.HasFrontMatter(text))
            {
                notes.Add(new AgentFileNote(file, 1, "no agent: the file does not begin with front matter ('---')."));
                continue;
            }

            AgentFile agent = AgentFile.Parse(text, file);
            if (!files.TryAdd(agent.Definition.Name, agent))
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"name: '{agent.Definition.Name}' is the name of two agents, in '{files[agent.Definition.Name].Path}' and in '{file}'; rename one.");
            }

            notes.AddRange(agent.Notes);
        }

        return new AgentFolder(path, [.. files.Values], notes);
    }

    // Links to files are followed and hidden folders are not: that is what a mounted ConfigMap of Kubernetes needs. Links to
    // folders are not followed either, since they may lead in a circle.
    private static FileSystemEnumerable<string> MarkdownFiles(string path) =>
        new(path, static (ref FileSystemEntry entry) => entry.ToFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) =>
                !entry.IsDirectory && entry.FileName.EndsWith(".md", StringComparison.OrdinalIgnoreCase),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) =>
                entry.FileName[0] != '.' && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
}
