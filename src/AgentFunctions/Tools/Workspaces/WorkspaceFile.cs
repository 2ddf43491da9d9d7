using AgentFunctions.Core;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Reads and writes files of a workspace, with the checks that belong to it.</summary>
internal static class WorkspaceFile
{
    /// <summary>How the temporary files of unfinished writes begin; lists leave them out.</summary>
    public const string TemporaryPrefix = TemporaryFiles.Prefix;

    /// <summary>The most that is read from a file at once, in bytes.</summary>
    private const int MaxBuffer = 1 << 16;

    /// <summary>Opens a regular file for reading.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">The path as the agent wrote it.</param>
    public static FileStream OpenRead(Workspace workspace, string path)
    {
        string full = workspace.Resolve(path);
        (EntryKind kind, long size) = FileKind.Of(full);
        if (kind != EntryKind.File)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                kind == EntryKind.Folder
                    ? $"path: '{PathSyntax.Show(path)}' is a folder; name a file, list_files shows those within."
                    : $"path: there is no file '{PathSyntax.Show(path)}'; list_files shows what there is.");
        }

        // Most files are smaller than the buffer, and a turn that reads one would allocate more for it than for all else.
        var stream = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            bufferSize: (int)Math.Clamp(size, 1, MaxBuffer));
        try
        {
            workspace.Confirm(stream.SafeFileHandle, full, path);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Puts content in a file's place, and keeps what stood there, and what it wrote, if the host keeps snapshots.
    /// </summary>
    /// <param name="context">The call; a repeat of it uses the same temporary file.</param>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">The path as the agent wrote it.</param>
    /// <param name="content">The content.</param>
    /// <param name="cancellationToken">The token to cancel the wait; not once it is written.</param>
    public static async Task ReplaceAsync(
        ToolContext context, Workspace workspace, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (context.Features.Get<CallCapture>() is { } capture)
        {
            await capture.WriteAsync(
                CheckTarget(workspace, path), content, () => Replace(context, workspace, path, content.Span), cancellationToken)
                .ConfigureAwait(false);
        }
        else
        {
            Replace(context, workspace, path, content.Span);
        }
    }

    /// <summary>
    /// Puts content in a file's place in one instant: readers see the old or the new, and so does the next start after a
    /// crash. Returns when the disk has it.
    /// </summary>
    /// <param name="context">The call; a repeat of it uses the same temporary file.</param>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">The path as the agent wrote it.</param>
    /// <param name="content">The content.</param>
    public static void Replace(ToolContext context, Workspace workspace, string path, ReadOnlySpan<byte> content)
    {
        string full = CheckTarget(workspace, path);
        string folder = Path.GetDirectoryName(full)!;
        Directory.CreateDirectory(folder);
        string key = TextHash.Of($"{context.IdempotencyKey}\n{full}");
        string temporary = Path.Combine(folder, TemporaryPrefix + key[..16]);

        // Whatever stands there is this call's own from before a crash, or was put there to be followed.
        File.Delete(temporary);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                workspace.Confirm(stream.SafeFileHandle, temporary, path);
                if (!OperatingSystem.IsWindows() && File.Exists(full))
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(full));
                }

                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FolderSync.Flush(folder);
    }

    /// <summary>The full path of a file that is to be written.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">The path as the agent wrote it.</param>
    public static string CheckTarget(Workspace workspace, string path)
    {
        string full = workspace.Resolve(path);
        if (FileKind.Of(full).Kind == EntryKind.Folder)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"path: '{PathSyntax.Show(path)}' is a folder; name a file.");
        }

        // A hook or a setting of git's is a program that runs with the next git command.
        if (workspace.Relative(full).Split('/').Contains(".git", StringComparer.OrdinalIgnoreCase))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"path: '{PathSyntax.Show(path)}' belongs to git itself; write another file.");
        }

        return full;
    }
}
