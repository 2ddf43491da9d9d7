namespace AgentFunctions.Core.Text;

/// <summary>What of a file changes when its content does, as far as that is known without reading it.</summary>
internal static class FileState
{
    /// <summary>Gets the state of a file: of what a link leads to, since the link itself stays as it is.</summary>
    /// <param name="path">The file.</param>
    public static string Of(string path)
    {
        FileInfo file = Target(path);
        return file.Exists ? $"{path}|{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}" : $"{path}|none";
    }

    private static FileInfo Target(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no such file, or the link leads in a circle.
            return new FileInfo(path);
        }
    }
}
