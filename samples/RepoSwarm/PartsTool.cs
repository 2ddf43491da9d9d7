using System.ComponentModel;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.RepoSwarm;

/// <summary>
/// Splits a tree of any size into parts that one sub-agent can audit: a list of files would be too long for a model.
/// </summary>
internal static class PartsTool
{
    /// <summary>Said of a folder that is left out.</summary>
    public const string Unreadable = "cannot be read";

    private const int MaxParts = 250;

    private static readonly HashSet<string> Skipped =
        new(StringComparer.Ordinal) { ".git", ".agentfunctions", "bin", "obj", "node_modules" };

    public static AgentTool Create() => AgentTool.Create(
        "list_parts",
        "Splits the workspace into parts, one pattern a line with its number of files: 'folder/**' for all below a folder, 'folder/*' for the files "
        + "right there, './*' for those at the top. Folders that cannot be read are named last.",
        ToolEffect.None,
        static (ToolContext context,
            [Description("The most files of a part, where its folder can be split.")] int max_files = 40) =>
        {
            var top = new Folder(context.Workspace!.Root, ".");
            List<(string Pattern, int Files)> parts;
            do
            {
                parts = [.. top.Split(Math.Max(1, max_files))];
                max_files = Math.Max(1, max_files) * 2;
            }
            while (parts.Count > MaxParts && max_files < int.MaxValue / 2);
            return string.Join('\n',
                Merged(parts).Select(static part => $"{part.Pattern}  {part.Files}").Concat(top.Unreadable()));
        });

    /// <summary>Where there are more folders side by side than parts may be, several make one.</summary>
    private static IEnumerable<(string Pattern, int Files)> Merged(List<(string Pattern, int Files)> parts) => parts
        .Chunk(Math.Max(1, (parts.Count + MaxParts - 1) / MaxParts))
        .Select(static group => group is [var one]
            ? one
            : ($"{{{string.Join(',', group.Select(static part => part.Pattern))}}}", group.Sum(static part => part.Files)));

    /// <summary>A folder with all below it; links are not followed.</summary>
    private sealed class Folder
    {
        private readonly string _name;
        private readonly int _files;
        private readonly Folder[] _below = [];
        private readonly bool _isReadable = true;

        public Folder(string path, string name)
        {
            // What means something in a pattern, or ends a line, stands for itself as any character.
            _name = string.Concat(name.Select(static c => char.IsControl(c) || "[]{}*?,\\".Contains(c) ? '?' : c));
            try
            {
                _files = Directory.GetFiles(path).Length;
                _below =
                [
                    .. new DirectoryInfo(path).GetDirectories()
                        .Where(static sub => !Skipped.Contains(sub.Name) && sub.LinkTarget is null)
                        .OrderBy(static sub => sub.Name, StringComparer.Ordinal)
                        .Select(sub => new Folder(sub.FullName, name == "." ? sub.Name : $"{name}/{sub.Name}")),
                ];
            }
            catch (Exception error) when (error is UnauthorizedAccessException or IOException)
            {
                _isReadable = false;
            }

            Files = _files + _below.Sum(static sub => sub.Files);
        }

        private int Files { get; }

        public IEnumerable<(string Pattern, int Files)> Split(int max)
        {
            if (_name != "." && (Files <= max || _below.Length == 0))
            {
                return Files == 0 ? [] : [($"{_name}/**", Files)];
            }

            return [.. _files > 0 ? [($"{_name}/*", _files)] : Array.Empty<(string, int)>(),
                .. _below.SelectMany(sub => sub.Split(max))];
        }

        public IEnumerable<string> Unreadable() =>
            [.. _isReadable ? [] : new[] { $"{_name}  {PartsTool.Unreadable}" },
                .. _below.SelectMany(static sub => sub.Unreadable())];
    }
}
