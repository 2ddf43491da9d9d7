namespace AgentFunctions.Tools.Workspaces;

/// <summary>Tells binary files from text by what stands at their beginning.</summary>
internal static class BinaryFile
{
    /// <summary>
    /// Whether a file is binary: it has a zero byte early on, and no mark of UTF-16. Leaves the stream at its start.
    /// </summary>
    /// <param name="stream">The file.</param>
    public static bool Is(Stream stream)
    {
        Span<byte> start = stackalloc byte[8_000];
        int count = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        bool utf16 = count >= 2 && ((start[0] == 0xFF && start[1] == 0xFE) || (start[0] == 0xFE && start[1] == 0xFF));
        return !utf16 && start[..count].Contains((byte)0);
    }
}
