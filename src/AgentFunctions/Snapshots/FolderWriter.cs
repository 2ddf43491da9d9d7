using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>Puts files, links and folders back in place. Nothing is written through a link.</summary>
/// <param name="workspace">The folder.</param>
/// <param name="contents">The contents of the files.</param>
/// <param name="seen">
/// How what stands there was when it was looked at; <see langword="null"/> if nobody else writes there.
/// </param>
internal sealed class FolderWriter(
    Workspace workspace, SnapshotContents contents, IReadOnlyDictionary<string, FolderEntry>? seen = null)
{
    /// <summary>Why a path is left that others have written since it was looked at.</summary>
    public const string Changed = "it was changed while the folder was restored, and stays as it is now";

    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);

    /// <summary>Applies targets: what goes, the deepest first; then what comes, folders first.</summary>
    /// <param name="targets">What is to stand at the paths; <see langword="null"/> for nothing.</param>
    /// <param name="cancellationToken">The token to stop. A part may be done.</param>
    /// <returns>What was left as it is, and why.</returns>
    public async Task<IReadOnlyList<SkippedPath>> ApplyAsync(IReadOnlyDictionary<string, FileImage?> targets,
        CancellationToken cancellationToken)
    {
        var skipped = new List<SkippedPath>();
        foreach ((string path, FileImage? target) in targets.OrderByDescending(static pair => pair.Key, StringComparer.Ordinal))
        {
            // What becomes something of another kind goes first.
            EntryLook look = EntryLook.Of(FullOf(path));
            if (look.Kind != EntryKind.Missing && (target is null || IsOtherKind(look, target))
                && !TryRemove(path, look, out string? why))
            {
                skipped.Add(new SkippedPath(path, why));
            }
        }

        HashSet<string> left = [.. skipped.Select(static one => one.Path)];
        foreach ((string path, FileImage? target) in targets.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (target is not null && !left.Contains(path)
                && await TryPutAsync(path, target, cancellationToken).ConfigureAwait(false) is { } why)
            {
                skipped.Add(new SkippedPath(path, why));
            }
        }

        // Permissions of folders last: one that must not be written could not be filled.
        foreach ((string path, FileImage? target) in targets.OrderByDescending(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (target is { IsFolder: true } && !left.Contains(path))
            {
                SetMode(FullOf(path), target.Mode);
            }
        }

        return skipped;
    }

    private static bool IsOtherKind(EntryLook look, FileImage target) =>
        look.IsLink || target.Link is not null || target.IsFolder != (look.Kind == EntryKind.Folder);

    private bool TryRemove(string path, EntryLook look, out string why)
    {
        why = "";
        if (ObstacleOf(path) is { } obstacle)
        {
            why = obstacle;
            return false;
        }

        if (!IsAsSeen(path))
        {
            why = Changed;
            return false;
        }

        try
        {
            if (look.Kind == EntryKind.Folder)
            {
                Directory.Delete(FullOf(path));
            }
            else
            {
                File.Delete(FullOf(path));
            }

            _removed.Add(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = look.Kind == EntryKind.Folder ? "the folder holds what was not kept, and stays" : "it cannot be removed";
            return false;
        }
    }

    private async Task<string?> TryPutAsync(string path, FileImage target, CancellationToken cancellationToken)
    {
        if (ObstacleOf(path) is { } obstacle)
        {
            return obstacle;
        }

        string full = FullOf(path);
        try
        {
            if (target.IsFolder)
            {
                Directory.CreateDirectory(full);
                return null;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            if (target.Link is { } link)
            {
                File.CreateSymbolicLink(full, link);
                return null;
            }

            if (target is not { NotKept: false, Hash: { } hash }
                || await contents.ReadAsync(hash, cancellationToken).ConfigureAwait(false) is not { } content
                || content.Length != target.Size)
            {
                return "its content was not kept";
            }

            return TryWrite(full, path, content.Span, target.Mode) ? null : Changed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "it cannot be written";
        }
    }

    /// <summary>Puts a file in place, unless others have written there since it was looked at.</summary>
    private bool TryWrite(string full, string path, ReadOnlySpan<byte> content, int? mode)
    {
        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $"{TemporaryFiles.Prefix}{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                workspace.Confirm(stream.SafeFileHandle, temporary, path);
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            SetMode(temporary, mode);
            if (!IsAsSeen(path))
            {
                File.Delete(temporary);
                return false;
            }

            File.Move(temporary, full, overwrite: true);
            return true;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Whether what stands at a path was kept: a look, and the content only if that is another.</summary>
    private bool IsAsSeen(string path)
    {
        FolderEntry? known = _removed.Contains(path) ? new FolderEntry(null, default) : seen?.GetValueOrDefault(path);
        return seen is null || known is null || known.Look == EntryLook.Of(FullOf(path))
            || FileImage.Same(known.Image, FolderEntry.Read(workspace, path).Image);
    }

    /// <summary>Why nothing is written at a path: a link stands above it, or it governs the host.</summary>
    private string? ObstacleOf(string path)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (EntryLook.Of(FullOf(path[..slash])) is { Kind: not EntryKind.Missing } above
                && (above.IsLink || above.Kind != EntryKind.Folder))
            {
                return $"'{path[..slash]}' is no folder any more";
            }
        }

        return workspace.IsReserved(FullOf(path)) ? "it is reserved for the host" : null;
    }

    private static void SetMode(string full, int? mode)
    {
        if (mode is { } bits && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(full, (UnixFileMode)bits);
        }
    }

    private string FullOf(string path) => Path.Join(workspace.Root, path);
}
