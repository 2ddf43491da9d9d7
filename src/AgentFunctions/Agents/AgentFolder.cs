using System.Globalization;
using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace AgentFunctions.Agents;

/// <summary>Represents a folder of agent files.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Files">Its agents, in ordinal order of their paths.</param>
/// <param name="Notes">What their authors should know.</param>
public sealed partial record AgentFolder(string Path, IReadOnlyList<AgentFile> Files, IReadOnlyList<AgentFileNote> Notes)
{
    /// <summary>Gets the files that cannot be used; none by default.</summary>
    public IReadOnlyList<LeftOutAgent> LeftOut { get; init; } = [];

    /// <summary>
    /// Reads every <c>*.md</c> of a folder and its subfolders. Files without front matter (a README) are left out with a note,
    /// and so is one that is broken or whose name another has: see <see cref="LeftOut"/>.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: there is no such folder.</exception>
    public static AgentFolder Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (!Directory.Exists(path))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"agents: there is no folder '{path}'; create it or name another.");
        }

        var files = new Dictionary<string, AgentFile>(StringComparer.Ordinal);
        var notes = new List<AgentFileNote>();
        var leftOut = new List<LeftOutAgent>();
        foreach (string file in MarkdownFiles(path).Order(StringComparer.Ordinal))
        {
            string text = "";
            try
            {
                text = AgentFile.ReadText(file);
                Add(file, text, files, notes);
            }
            catch (AgentException e)
            {
                leftOut.Add(LeftOutOf(file, text, e));
            }
        }

        return new AgentFolder(path, [.. files.Values], notes) { LeftOut = leftOut };
    }

    private static void Add(string file, string text, Dictionary<string, AgentFile> files, List<AgentFileNote> notes)
    {
        if (!AgentFile.HasFrontMatter(text))
        {
            notes.Add(new AgentFileNote(file, 1, "no agent: the file does not begin with front matter ('---')."));
            return;
        }

        AgentFile agent = AgentFile.Parse(text, file);
        if (!files.TryAdd(agent.Definition.Name, agent))
        {
            throw AgentFile.Broken(file, 1,
                $"name: '{agent.Definition.Name}' is the name of the agent in '{files[agent.Definition.Name].Path}' too; rename one.");
        }

        notes.AddRange(agent.Notes);
    }

    private static LeftOutAgent LeftOutOf(string file, string text, AgentException error)
    {
        string name = NameLine().Match(text) is { Success: true } match
            ? AgentName.Of(match.Groups[1].Value.Trim().Trim('"', '\''))
            : "";
        Match place = Place().Match(error.Message);
        bool isPlaced = place.Success && error.Message.StartsWith(file, StringComparison.Ordinal);
        return new LeftOutAgent(
            name.Length > 0 ? name : System.IO.Path.GetFileNameWithoutExtension(file),
            isPlaced
                ? new AgentFileNote(file, int.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture), place.Groups[2].Value)
                : new AgentFileNote(file, 1, error.Message));
    }

    [GeneratedRegex(@"^[Nn]ame[ \t]*:(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex NameLine();

    [GeneratedRegex(@"\((\d{1,9})\): (.*)$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Place();

    /// <summary>Gets the full paths of the files that <see cref="Load"/> reads, in no order, without reading them.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The paths.</returns>
    public static IEnumerable<string> FilesOf(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return MarkdownFiles(path);
    }

    // Links to files are followed and hidden folders are not: that is what a mounted ConfigMap of Kubernetes needs. Links to
    // folders are not followed either, since they may lead in a circle.
    private static FileSystemEnumerable<string> MarkdownFiles(string path) =>
        new(path, static (ref FileSystemEntry entry) => entry.ToFullPath(),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) =>
                !entry.IsDirectory && entry.FileName.EndsWith(".md", StringComparison.OrdinalIgnoreCase),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) =>
                entry.FileName[0] != '.' && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
}
