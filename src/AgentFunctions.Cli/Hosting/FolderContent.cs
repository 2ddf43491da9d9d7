using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Cli.Hosting;

/// <summary>What a folder brings that would govern runs by itself: its configuration and its agents.</summary>
/// <param name="Folder">The full path of the folder, links resolved.</param>
/// <param name="Files">The files, relative to it.</param>
/// <param name="Hashes">
/// A hash for each of the two, by the path under which it is trusted: of the names and contents of its files, so that what is
/// added or changed is not what was trusted.
/// </param>
internal sealed record FolderContent(string Folder, IReadOnlyList<string> Files, IReadOnlyDictionary<string, string> Hashes)
{
    public const string Agents = "agents";

    /// <summary>Looks at what is in the working folder.</summary>
    /// <param name="withAgents">Whether its agents would be loaded; they are not if others were named.</param>
    public static FolderContent OfWorkingFolder(bool withAgents)
    {
        string folder = new Workspace(Environment.CurrentDirectory).Root;
        string agents = Path.Combine(folder, Agents);
        (string Path, string[] Files)[] found =
        [
            (folder, Relative(Directory.EnumerateFiles(folder, "appsettings*.json"))),
            (agents, withAgents && Directory.Exists(agents) ? Relative(AgentFolder.FilesOf(agents)) : []),
        ];
        return new FolderContent(
            folder,
            [.. found.SelectMany(static part => part.Files)],
            found.Where(static part => part.Files.Length > 0).ToDictionary(static part => part.Path,
                part => HashOf(folder, part.Files)));

        string[] Relative(IEnumerable<string> files) =>
            [.. files.Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The files in few words.</summary>
    public string InWords() => Files.Count <= 3
        ? string.Join(", ", Files)
        : $"{string.Join(", ", Files.Take(2))} and {Files.Count - 2} more files";

    private static string HashOf(string folder, IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            byte[] content = File.ReadAllBytes(Path.Combine(folder, file));
            // A name that holds line ends could say what the content of another file says.
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Replace("\n", "\0", StringComparison.Ordinal)}\n{content.Length}\n"));
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
