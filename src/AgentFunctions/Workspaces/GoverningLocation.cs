namespace AgentFunctions.Workspaces;

/// <summary>Where something that governs lies, in text.</summary>
/// <param name="Governing">What governs.</param>
/// <param name="Path">The full path, as the host wrote it or with its links resolved.</param>
/// <param name="Except">The folder below it that does not govern.</param>
internal sealed record GoverningLocation(GoverningPath Governing, string Path, string? Except)
{
    public static IEnumerable<GoverningLocation> Of(GoverningPath one)
    {
        yield return new GoverningLocation(one, one.Path, one.Except);
        string real = LinkWalk.Real(one.Path);
        if (real != one.Path)
        {
            yield return new GoverningLocation(one, real, one.Except is null ? null : LinkWalk.Real(one.Except));
        }
    }

    /// <summary>Whether a path is the place, below it, or one of its siblings.</summary>
    /// <param name="path">The full path.</param>
    public bool Covers(string path)
    {
        if (!path.StartsWith(Path, StringComparison.OrdinalIgnoreCase)
            || (path.Length > Path.Length && path[Path.Length] is not ('/' or '\\') && Path[^1] is not ('/' or '\\')
                && !(Governing.WithSiblings && path[Path.Length] is '-' or '.')))
        {
            return false;
        }

        string spelling = path[..Path.Length];
        return (spelling == Path || IsSame(spelling))
            && (Except is null || PathSyntax.Below(path, Except, StringComparison.Ordinal) is null);
    }

    /// <summary>Tells whether this lies in a folder, however deep.</summary>
    /// <param name="folder">The full path of the folder.</param>
    public bool IsWithin(string folder) => PathSyntax.Below(Path, folder, StringComparison.OrdinalIgnoreCase) is { Length: > 0 };

    /// <summary>Tells whether something is there, siblings included.</summary>
    public bool Exists() =>
        FileKind.Of(Path).Kind != EntryKind.Missing
        || (Governing.WithSiblings && System.IO.Path.GetDirectoryName(Path) is { } folder && Directory.Exists(folder)
            && Directory.EnumerateFileSystemEntries(folder, System.IO.Path.GetFileName(Path) + "*").Any(Covers));

    // Spelt in another case it is the same where the file system says so, and could become the same where neither exists yet.
    private bool IsSame(string spelling)
    {
        bool isThere = FileKind.Of(Path).Kind != EntryKind.Missing;
        bool isSpelt = FileKind.Of(spelling).Kind != EntryKind.Missing;
        return isThere == isSpelt
            && (!isThere || !OperatingSystem.IsLinux() || FileKind.IdentityOf(Path) == FileKind.IdentityOf(spelling));
    }
}
