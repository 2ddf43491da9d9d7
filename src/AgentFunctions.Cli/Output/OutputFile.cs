namespace AgentFunctions.Cli.Output;

/// <summary>
/// Writes a file of a command beside its place and moves it there once it is whole: a command that fails leaves no half of a
/// file, and the earlier one as it was.
/// </summary>
internal static class OutputFile
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replaces">Whether one that is there is replaced; otherwise that is an error.</param>
    /// <param name="write">Writes the content.</param>
    public static async Task WriteAsync(string path, bool replaces, Func<Stream, Task> write)
    {
        string place = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
        string part = $"{place}.part";
        try
        {
            await using (FileStream file = File.Create(part))
            {
                await write(file);
            }

            File.Move(part, place, replaces);
        }
        finally
        {
            File.Delete(part);
        }
    }

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
