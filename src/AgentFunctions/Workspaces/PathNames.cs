namespace AgentFunctions.Workspaces;

/// <summary>Finds the one name that a file of a workspace has for policies, whatever its path was spelled like.</summary>
/// <remarks>
/// The name is relative to the workspace, with links followed and <c>/</c> between its parts; <c>.</c> is the workspace itself.
/// A file that has several names (hard links) is known by each of them, on Linux; other systems cannot tell.
/// </remarks>
internal sealed class PathNames(Workspace workspace)
{
    /// <summary>The name of the workspace itself.</summary>
    public const string Whole = ".";

    /// <summary>How many entries are looked at to find the other names of a file.</summary>
    private const int MaxEntries = 200_000;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    private readonly Dictionary<string, IReadOnlyList<string>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _folding = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _resolved = new(StringComparer.Ordinal);
    private Dictionary<FileIdentity, List<string>>? _shared;

    /// <summary>Gets whether this system compares names of files without regard to case.</summary>
    public bool IgnoresCase { get; init; } = !OperatingSystem.IsLinux();

    private StringComparison Comparison => IgnoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Gets the workspace.</summary>
    public Workspace Workspace => workspace;

    /// <summary>Gets the name of a path; <see langword="null"/> if it leads out of the workspace.</summary>
    /// <param name="path">The path as written.</param>
    public string? NameOf(string path)
    {
        if (!_resolved.TryGetValue(path, out string? name))
        {
            try
            {
                name = workspace.Relative(workspace.Resolve(path));
            }
            catch (AgentException)
            {
                name = null;
            }

            _resolved[path] = name;
        }

        return name;
    }

    /// <summary>Gets every name of a file: its own, and those of its hard links.</summary>
    /// <param name="name">Its name.</param>
    public IReadOnlyList<string> AllNamesOf(string name)
    {
        if (!_names.TryGetValue(name, out IReadOnlyList<string>? names))
        {
            string full = Path.Combine(workspace.Root, name);
            names = FileKind.Of(full).Kind == EntryKind.File && FileKind.HasSeveralNames(full)
                && FileKind.IdentityOf(full) is { } identity && Shared().TryGetValue(identity, out List<string>? others)
                ? [name, .. others.Where(other => other != name)]
                : [name];
            _names[name] = names;
        }

        return names;
    }

    /// <summary>
    /// Determines whether a name lies within a folder, or is it; <see langword="null"/> if only the file system could tell and
    /// does not.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="folder">The folder as the policy spells it.</param>
    public bool? IsUnder(string name, string folder)
    {
        if (NameOf(folder) is not { } root)
        {
            return false;
        }

        if (root == Whole || IsBelow(name, root, Comparison))
        {
            return true;
        }

        // A file system of its own rules (one that ignores case, a second mount) shows the same folder under another name.
        if (FileKind.IdentityOf(Path.Combine(workspace.Root, root)) is { } identity)
        {
            for (string? at = name; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
            {
                if (FileKind.IdentityOf(Path.Combine(workspace.Root, at)) == identity)
                {
                    return true;
                }
            }
        }

        return IsBelow(name.Normalize(), root.Normalize(), Comparison) ? null : false;
    }

    /// <summary>
    /// Determines whether the case of a name says nothing: on a system that ignores it, or in a folder that does (on Linux a
    /// mounted disk, for instance), where the file is found under the other case too.
    /// </summary>
    /// <param name="name">The name.</param>
    public bool IgnoresCaseOf(string name)
    {
        if (IgnoresCase)
        {
            return true;
        }

        string folder = Path.GetDirectoryName(name) ?? "";
        if (!_folding.TryGetValue(folder, out bool folds))
        {
            string file = Path.GetFileName(name);
            string other = string.Concat(
                file.Select(static c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));
            string full = Path.Combine(workspace.Root, folder, file);
            // Of a file that is not there, or has several names, its folder tells.
            if (other == file || FileKind.IdentityOf(full) is not { } identity
                || (FileKind.Of(full).Kind == EntryKind.File && FileKind.HasSeveralNames(full)))
            {
                return folder.Length > 0 && IgnoresCaseOf(folder);
            }

            var found = new FileInfo(Path.Combine(workspace.Root, folder, other));
            _folding[folder] = folds = FileKind.IdentityOf(found.FullName) == identity && found.LinkTarget is null;
        }

        return folds;
    }

    /// <summary>Gets a pattern whose leading folders are named as files are: links followed.</summary>
    /// <param name="pattern">The pattern as the policy spells it.</param>
    public string Resolve(string pattern)
    {
        int wild = pattern.AsSpan().IndexOfAny('*', '?');
        string fixedPart = wild < 0 ? pattern : pattern[..(pattern.AsSpan(0, wild).LastIndexOf('/') + 1)];
        if (fixedPart.Length == 0 || NameOf(fixedPart) is not { } name)
        {
            return pattern;
        }

        string rest = pattern[fixedPart.Length..];
        return rest.Length == 0 ? name : name == Whole ? rest : $"{name}/{rest}";
    }

    private static bool IsBelow(string name, string root, StringComparison comparison) =>
        name.StartsWith(root, comparison) && (name.Length == root.Length || name[root.Length] == '/');

    /// <summary>All names of the files that have several.</summary>
    private Dictionary<FileIdentity, List<string>> Shared()
    {
        if (_shared is not null)
        {
            return _shared;
        }

        _shared = [];
        var folders = new Stack<string>([workspace.Root]);
        int seen = 0;
        while (seen < MaxEntries && folders.TryPop(out string? folder))
        {
            foreach (FileSystemInfo entry in Entries(folder))
            {
                if (entry.LinkTarget is not null || ++seen > MaxEntries)
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    folders.Push(entry.FullName);
                }
                else if (FileKind.HasSeveralNames(entry.FullName) && FileKind.IdentityOf(entry.FullName) is { } identity)
                {
                    (_shared.TryGetValue(identity, out List<string>? names)
                        ? names
                        : _shared[identity] = []).Add(workspace.Relative(entry.FullName));
                }
            }
        }

        return _shared;
    }

    private static FileSystemInfo[] Entries(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
