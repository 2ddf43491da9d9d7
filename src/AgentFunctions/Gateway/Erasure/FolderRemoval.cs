namespace AgentFunctions.Gateway.Erasure;

/// <summary>Deletes the folder of a run. Links are deleted, and what they lead to is left.</summary>
internal static class FolderRemoval
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Deletes a folder with all that is in it.</summary>
    /// <param name="folder">The full path.</param>
    /// <returns>Why it is still there, and the remedy, naming nothing in it; <see langword="null"/> if it is gone.</returns>
    public static string? Try(string folder)
    {
        if (Delete(folder) is null)
        {
            return null;
        }

        // Commands take the right to write away, as tools do that keep what they downloaded.
        MakeWritable(folder);
        return Delete(folder) switch
        {
            null => null,
            UnauthorizedAccessException => Remedy("the host has no right to"),
            PathTooLongException or ArgumentException => Remedy("a path in it is too long"),
            // The platform says the same of a folder that lies in one without the right to write, and of one that is in use.
            _ => Remedy("it is in use, or the host has no right to write in the folder that it lies in"),
        };

        string Remedy(string why) =>
            $"The folder '{folder}' cannot be deleted: {why}. Delete it, or let the host do so; "
            + "it is tried again within six hours, and at once if the erasure is requested again.";
    }

    private static Exception? Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return null;
        }
        catch (DirectoryNotFoundException) when (!Directory.Exists(folder))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The platform takes the name of a path that is too long for an empty one.
            return e;
        }
    }

    private static void MakeWritable(string folder)
    {
        var open = new Stack<DirectoryInfo>([new DirectoryInfo(folder)]);
        while (open.TryPop(out DirectoryInfo? one))
        {
            try
            {
                if (one.LinkTarget is not null)
                {
                    // A command may have put a link in the place of the folder itself.
                    continue;
                }

                if (!OperatingSystem.IsWindows())
                {
                    one.UnixFileMode |= Owner;
                }

                foreach (FileSystemInfo entry in one.EnumerateFileSystemInfos("*", s_everything))
                {
                    if (entry is DirectoryInfo below)
                    {
                        open.Push(below);
                    }
                    else if (OperatingSystem.IsWindows() && entry.LinkTarget is null)
                    {
                        entry.Attributes &= ~FileAttributes.ReadOnly;
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // The deletion says what stands in the way.
            }
        }
    }
}
