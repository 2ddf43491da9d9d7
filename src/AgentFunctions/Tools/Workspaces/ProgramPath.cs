using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Finds programs on the host's <c>PATH</c>.</summary>
/// <remarks>
/// <see cref="System.Diagnostics.Process"/> would look into the host's current folder first, where an agent may have put a
/// program of the same name.
/// </remarks>
internal static class ProgramPath
{
    /// <summary>The full path of a program; <see langword="null"/> when there is none outside the workspace.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="workspace">The workspace, whose programs do not count.</param>
    public static string? Find(string name, Workspace workspace)
    {
        string file = OperatingSystem.IsWindows() && !name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase)
            ? name + ".exe"
            : name;
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Join(folder, file);
            if (Path.IsPathFullyQualified(folder) && !IsWithin(LinkWalk.Real(folder), workspace.Root) && IsProgram(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private static bool IsWithin(string folder, string root) =>
        PathSyntax.Below(folder, root, StringComparison.OrdinalIgnoreCase) is not null;

    private static bool IsProgram(string path)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != 0);
    }
}
