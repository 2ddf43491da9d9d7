namespace AgentFunctions.Workspaces;

/// <summary>
/// Finds the files of the host's folder, or of the folder it starts in, that a command line runs: whoever can change one of them
/// decides what the host starts next. What such a program loads beyond them is not known.
/// </summary>
internal static class ProgramFiles
{
    private static readonly HashSet<string> Endings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".py", ".pyz", ".rb", ".sh", ".bash", ".pl", ".php", ".lua",
        ".ps1", ".bat", ".cmd",
        ".exe", ".dll", ".jar", ".cs", ".csx", ".fsx", ".go", ".wasm", ".so",
    };

    /// <summary>Finds the files.</summary>
    /// <param name="commandLine">The program and its arguments, as configured.</param>
    /// <param name="folder">The folder that it starts in; <see langword="null"/> for the host's.</param>
    public static IReadOnlyList<string> In(IEnumerable<string> commandLine, string? folder)
    {
        string start = Path.GetFullPath(folder is null || IsVariable(folder) ? "." : folder);
        string[] roots = [LinkWalk.Real(start), LinkWalk.Real(Environment.CurrentDirectory)];
        return [.. commandLine.Select(static text => text.StartsWith('-')
            ? text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..]
            : text)
            .Where(static text => text.Length > 0 && !text.Contains('\0') && !IsVariable(text))
            .Select(text => Path.GetFullPath(text, start)).Where(File.Exists)
            // The interpreter of the machine is nobody's workspace, and commands need it.
            .Where(file => roots.Any(root => PathSyntax.Below(LinkWalk.Real(file), root,
                StringComparison.Ordinal) is { Length: > 0 }))
            .Where(IsProgram).Distinct(StringComparer.Ordinal)];
    }

    // Data that a server is told to serve stays in reach.
    private static bool IsProgram(string file) => Endings.Contains(Path.GetExtension(file))
        || (!OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    private static bool IsVariable(string text) => text.Contains("${", StringComparison.Ordinal);
}
