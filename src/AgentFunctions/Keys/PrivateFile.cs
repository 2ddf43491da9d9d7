namespace AgentFunctions.Keys;

/// <summary>Writes files that only the host's own user may read.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a folder that only the host's own user may enter; one that exists is left as it is.</summary>
    /// <param name="folder">The folder.</param>
    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a file that does not exist yet, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <returns>Whether it was written; <see langword="false"/> if there is one already.</returns>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content)
    {
        string draft = Draft(path, content);
        try
        {
            File.Move(draft, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
            return false;
        }
    }

    /// <summary>Writes a file in place of what was there, in one instant.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content) => File.Move(Draft(path, content), path, overwrite: true);

    private static string Draft(string path, ReadOnlySpan<byte> content)
    {
        string folder = Path.GetDirectoryName(path)!;
        CreateFolder(folder);
        string draft = Path.Combine(folder, $".{Guid.NewGuid():N}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(draft, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
        return draft;
    }
}
