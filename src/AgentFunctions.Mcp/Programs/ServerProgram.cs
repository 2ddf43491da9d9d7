namespace AgentFunctions.Mcp.Programs;

/// <summary>Represents the program of a tool server, with its texts' variables expanded.</summary>
/// <param name="Name">The server's name.</param>
/// <param name="Command">The program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Folder">The folder that it starts in; <see langword="null"/> for the host's.</param>
/// <param name="Environment">All of its environment.</param>
internal sealed record ServerProgram(
    string Name, string Command, IReadOnlyList<string> Arguments, string? Folder,
    IReadOnlyDictionary<string, string?> Environment)
{
    /// <summary>Gets where the program lies; as it was written if it is not found, so that the start says so.</summary>
    public string Path => OperatingSystem.IsWindows() && !System.IO.Path.HasExtension(Command) ? OnWindows(Command) : Command;

    // CreateProcess adds .exe alone, and npx is a .cmd.
    private static string OnWindows(string command)
    {
        string[] endings = (System.Environment.GetEnvironmentVariable("PATHEXT") ?? ".COM;.EXE;.BAT;.CMD").Split(';',
            StringSplitOptions.RemoveEmptyEntries);
        string[] folders = command.Contains('\\', StringComparison.Ordinal) || command.Contains('/', StringComparison.Ordinal)
            ? [""]
            : (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries);
        return folders.SelectMany(folder => endings.Select(ending => System.IO.Path.Combine(folder, command + ending)))
            .FirstOrDefault(File.Exists) ?? command;
    }
}
