using AgentFunctions.Tools.Workspaces;
using Microsoft.Win32.SafeHandles;

namespace AgentFunctions.Tools;

/// <summary>A folder that a run works in. Paths that lead out of it are refused.</summary>
/// <remarks>
/// <para>
/// Paths are checked as text and then link by link, and a file once more after it was opened: on Linux by the path that the
/// kernel reports for the handle, elsewhere by resolving again. So a folder that is swapped for a link between check and use
/// is noticed before anything is read or written. What remains: whoever may rename folders of the workspace while a write is
/// under way can, in the instant of the final rename, make it land in another folder; a hard link to a file outside cannot
/// be told from a file inside; outside Linux and Windows a pipe is noticed only once it is opened. Against programs of that
/// kind separate users or containers are the remedy.
/// </para>
/// <para>The commands of <c>run_command</c> start in the workspace but are not confined to it.</para>
/// </remarks>
public sealed class Workspace
{
    private static readonly StringComparison PathComparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private readonly string _given;

    /// <summary>Opens a folder.</summary>
    /// <param name="root">The folder; it must exist.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: there is no such folder.</exception>
    public Workspace(string root)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        _given = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        Root = LinkWalk.Real(_given);
        if (!Directory.Exists(Root))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"workspace: there is no folder '{_given}'; create it or name another.");
        }
    }

    /// <summary>The folder's full path, links resolved.</summary>
    public string Root { get; }

    /// <summary>Finds what a path of the agent's means, links resolved. The path need not exist.</summary>
    /// <param name="path">
    /// The path: relative to the workspace, or absolute within it; <c>/</c> and <c>\</c> both separate. Empty for the workspace
    /// itself.
    /// </param>
    /// <returns>A full path within the workspace that holds no links.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PathOutsideWorkspace"/>: the path leads out, or to something that is neither file nor folder.
    /// </exception>
    public string Resolve(string? path)
    {
        string full = Walk(path ?? "");
        return FileKind.Of(full).Kind == EntryKind.Special
            ? throw new AgentException(
                ErrorCode.PathOutsideWorkspace,
                $"path: '{PathSyntax.Show(path!)}' is neither a file nor a folder but a device, pipe or socket; name a regular file.")
            : full;
    }

    /// <summary>A full path as agents write it: relative to the workspace, with <c>/</c> between its parts.</summary>
    /// <param name="fullPath">A path that <see cref="Resolve"/> returned.</param>
    public string Relative(string fullPath) => Path.GetRelativePath(Root, fullPath).Replace('\\', '/');

    /// <summary>Makes sure that an open file is the one that was meant.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="fullPath">The path that it was opened by, as <see cref="Resolve"/> returned it.</param>
    /// <param name="path">The path as the agent wrote it, for the error.</param>
    internal void Confirm(SafeFileHandle file, string fullPath, string path)
    {
        string? actual = OperatingSystem.IsLinux()
            ? new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget
            : null;
        bool inside = actual is not null
            ? Contains(actual)
            : string.Equals(LinkWalk.Real(fullPath), fullPath, PathComparison);
        if (!inside)
        {
            throw Outside(path);
        }
    }

    private string Walk(string path)
    {
        string? relative = PathSyntax.Relative(path, OperatingSystem.IsWindows(), Root, _given, PathComparison);
        return (relative is null ? null : LinkWalk.Within(Root, relative, Below)) ?? throw Outside(path);
    }

    private bool Contains(string fullPath) => Below(fullPath) is not null;

    // What follows the root in a full path; null when the path is not below the root.
    private string? Below(string fullPath) =>
        PathSyntax.Below(fullPath, Root, PathComparison) ?? PathSyntax.Below(fullPath, _given, PathComparison);

    private static AgentException Outside(string path) =>
        new(
            ErrorCode.PathOutsideWorkspace,
            $"path: '{PathSyntax.Show(path)}' leads out of the workspace; use a path within it, such as 'src/app.cs'.");
}
