namespace AgentFunctions.Cli.Output;

/// <summary>
/// Writes a file of a command beside its place and moves it there once it is whole: a command that fails leaves no half of a
/// file, and the earlier one as it was. What is no file of its own, such as a device, is written to as it is.
/// </summary>
internal static class OutputFile
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replaces">Whether one that is there is replaced; otherwise that is an error.</param>
    /// <param name="write">Writes the content.</param>
    public static async Task WriteAsync(string path, bool replaces, Func<Stream, Task> write)
    {
        if (Directory.Exists(path))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"--output: '{path}' is a folder; name a file.");
        }

        string place = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
        if (IsSpecial(path) || IsSpecial(place))
        {
            await using FileStream special = File.OpenWrite(path);
            await write(special);
            return;
        }

        string part = $"{place}.{Path.GetRandomFileName()}.part";
        try
        {
            await using (FileStream file = new(part, FileMode.CreateNew, FileAccess.Write))
            {
                if (!OperatingSystem.IsWindows() && File.Exists(place))
                {
                    File.SetUnixFileMode(part, File.GetUnixFileMode(place));
                }

                await write(file);
            }

            File.Move(part, place, replaces);
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Whether a place can be neither replaced nor moved: a device, or a descriptor of this very process.</summary>
    private static bool IsSpecial(string place) =>
        Path.GetFullPath(place) is var full && !OperatingSystem.IsWindows()
        && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal));

    /// <summary>Requires that there is no file yet, before anything is asked for it.</summary>
    /// <param name="path">The file.</param>
    public static void RequireNew(string path)
    {
        if (Path.Exists(path))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"--output: '{path}' is there already; name another file.");
        }
    }
}
