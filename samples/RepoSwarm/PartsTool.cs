using System.ComponentModel;
using AgentFunctions.Tools;

namespace AgentFunctions.RepoSwarm;

/// <summary>Splits a tree of any size into parts that one sub-agent can audit: a list of files would be too long for a model.</summary>
internal static class PartsTool
{
    private const int MaxParts = 250;

    private static readonly HashSet<string> Skipped = new(StringComparer.Ordinal) { ".git", ".agentfunctions", "bin", "obj", "node_modules" };

    public static AgentTool Create() => AgentTool.Create(
        "list_parts",
        "Splits the workspace into parts, one pattern a line with its number of files: 'folder/**' for all below a folder, 'folder/*' for the files right there.",
        ToolEffect.None,
        static (ToolContext context, [Description("The most files of a part, where its folder can be split.")] int max_files = 40) =>
        {
            string root = context.Workspace!.Root;
            List<string> parts;
            do
            {
                parts = [.. Split(root, root, max_files)];
                max_files *= 2;
            }
            while (parts.Count > MaxParts && max_files < int.MaxValue / 2);
            return string.Join('\n', parts);
        });

    private static IEnumerable<string> Split(string root, string folder, int max)
    {
        string name = Path.GetRelativePath(root, folder).Replace('\\', '/');
        int all = Count(folder);
        string[] below = Folders(folder);
        if (all == 0)
        {
            return [];
        }

        if (folder != root && (all <= max || below.Length == 0))
        {
            return [$"{name}/**  {all}"];
        }

        int here = Directory.GetFiles(folder).Length;
        return [.. here > 0 && folder != root ? [$"{name}/*  {here}"] : Array.Empty<string>(), .. below.SelectMany(sub => Split(root, sub, max))];
    }

    private static int Count(string folder) => Directory.GetFiles(folder).Length + Folders(folder).Sum(Count);

    private static string[] Folders(string folder) =>
    [
        .. Directory.GetDirectories(folder)
            .Where(static sub => !Skipped.Contains(Path.GetFileName(sub)) && new DirectoryInfo(sub).LinkTarget is null)
            .Order(StringComparer.Ordinal),
    ];
}
