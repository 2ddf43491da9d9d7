using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AgentFunctions.Workspaces;

/// <summary>Represents the folder that a run works in. Paths that lead out of it are refused.</summary>
/// <remarks>
/// <para>
/// Paths are checked as text and then link by link, and a file once more after it was opened: on Linux by the path that the
/// kernel reports for the handle, elsewhere by resolving again. So a folder that is swapped for a link between check and use
/// is noticed before anything is read or written. What remains: whoever may rename folders of the workspace while a write is
/// under way can, in the instant of the final rename, make it land in another folder; a hard link to a file outside cannot
/// be told from a file inside, unless it is one that governs the host's runs; outside Linux and Windows a pipe is noticed only
/// once it is opened. Against programs of that kind separate users or containers are the remedy.
/// </para>
/// <para>The commands of <c>run_command</c> start in the workspace but are not confined to it.</para>
/// </remarks>
public sealed class Workspace
{
    private static readonly StringComparison PathComparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private const int MaxName = 255;
    private const int MaxPath = 3_000;

    private readonly string _given;
    private readonly ProtectedLook? _protected;

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
            throw new AgentException(ErrorCode.InvalidInput,
                $"workspace: there is no folder '{_given}'; create it or name another.");
        }
    }

    private Workspace(Workspace unprotected, ProtectedLook look)
    {
        _given = unprotected._given;
        Root = unprotected.Root;
        _protected = look;
    }

    /// <summary>Gets the folder's full path, links resolved.</summary>
    public string Root { get; }

    /// <summary>Finds what a path of the agent's means, links resolved. The path need not exist.</summary>
    /// <param name="path">
    /// The path: relative to the workspace, or absolute within it; <c>/</c> and <c>\</c> both separate. Empty for the workspace
    /// itself.
    /// </param>
    /// <returns>A full path within the workspace that holds no links.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PathOutsideWorkspace"/>: the path leads out, or to something that is neither file nor folder.
    /// <see cref="ErrorCode.PathReserved"/>: what is there, or would be, governs the runs of this host.
    /// <see cref="ErrorCode.InvalidInput"/>: a name in the path, or all of it, is too long for a file system.
    /// </exception>
    public string Resolve(string? path)
    {
        EnsureFits(path ?? "");
        string full = Walk(path ?? "");
        if (_protected?.FindReal(full) is { } governing)
        {
            throw Reserved(path ?? "", governing);
        }

        return FileKind.Of(full).Kind == EntryKind.Special
            ? throw new AgentException(
                ErrorCode.PathOutsideWorkspace,
                $"path: '{PathSyntax.Show(path!)}' is neither a file nor a folder but a device, pipe or socket; name a regular file.")
            : full;
    }

    /// <summary>Gets a path as agents write it: relative to the workspace, with <c>/</c> between its parts.</summary>
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

        // What the handle leads to counts, whatever the path led to a moment ago.
        if (actual is not null && _protected is { } look
            && (look.FindReal(actual)
                ?? look.Find(FileKind.IdentityOf($"/proc/self/fd/{file.DangerousGetHandle()}"))) is { } governing)
        {
            throw Reserved(path, governing);
        }
    }

    /// <summary>Whether something that a walk comes by governs the runs of this host, and is passed over.</summary>
    /// <param name="fullPath">The full path, which holds no links.</param>
    internal bool IsReserved(string fullPath) => _protected?.FindReal(fullPath) is not null;

    /// <summary>Finds what governs at a path of the workspace or below it.</summary>
    /// <param name="path">The path, which lies in the workspace and is not itself reserved.</param>
    /// <param name="evenMissing">Whether what is not there yet counts too.</param>
    /// <returns>What it is, or null.</returns>
    internal GoverningPath? ReservedWithin(string path, bool evenMissing) => _protected?.FindWithin(Resolve(path), evenMissing);

    /// <summary>The same folder, without the paths that govern the runs of the host.</summary>
    /// <param name="paths">The paths; <see langword="null"/> if the host has none.</param>
    internal Workspace Without(ProtectedPaths? paths) => paths is null ? this : new Workspace(this, paths.Look());

    /// <summary>Takes the folder's own place out of a text that agents read: paths become relative to the workspace.</summary>
    /// <param name="text">The text, for instance a message of the system's.</param>
    internal string Hide(string text)
    {
        foreach (string root in new[] { Root, _given }.Where(static root => root.Length > 1))
        {
            text = text.Replace(root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)
                .Replace(root, ".", StringComparison.Ordinal);
        }

        return text;
    }

    private static void EnsureFits(string path)
    {
        if (path.Length > MaxPath || path.Split('/', '\\').Any(static name => Encoding.UTF8.GetByteCount(name) > MaxName))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"path: '{PathSyntax.Show(path)}' has a name of more than {MaxName} bytes, or more than {MaxPath} characters; use a shorter one.");
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

    private static AgentException Reserved(string path, GoverningPath governing) =>
        new(
            ErrorCode.PathReserved,
            $"path: '{PathSyntax.Show(path)}' is reserved for the host ({governing.What}); agents can neither read nor change it. Go on without it.");

    private static AgentException Outside(string path) =>
        new(
            ErrorCode.PathOutsideWorkspace,
            $"path: '{PathSyntax.Show(path)}' leads out of the workspace; use a path within it, such as 'src/app.cs'.");
}
