using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Sqlite;

/// <summary>Finds the folder that keeps the runs of a workspace, outside of it.</summary>
public static class DataFolder
{
    /// <summary>Names the folder that earlier versions kept in the workspace.</summary>
    public const string EarlierName = ".agentfunctions";

    /// <summary>
    /// Gets the folder of all that this library keeps for a user: <c>$XDG_STATE_HOME/agentfunctions</c>, by default below
    /// <c>~/.local/state</c>; on Windows below <c>%LOCALAPPDATA%</c>, on macOS below <c>~/Library/Application Support</c>.
    /// </summary>
    public static string Home => Path.Combine(StateHome(), "agentfunctions");

    /// <summary>Finds the data folder of a workspace, and makes it, for the user alone, if there is none.</summary>
    /// <param name="workspace">The workspace; whichever way its path is written, it has one data folder.</param>
    /// <returns>The full path: a folder of its own below <see cref="Home"/>.</returns>
    public static string For(string workspace)
    {
        string folder = PathFor(workspace);
        CreatePrivate(folder);
        string note = Path.Combine(folder, "workspace.txt");
        if (!File.Exists(note))
        {
            // For people who look: the name tells nothing.
            File.WriteAllText(note, RealPath(workspace) + "\n");
        }

        return folder;
    }

    /// <summary>
    /// Finds the data folder of a workspace, where an earlier version may have put one into the workspace itself.
    /// </summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="dataFile">
    /// The name of the data file. A folder <c>.agentfunctions</c> in the workspace that has it, and has runs of an earlier
    /// version therefore, is used in place until it is moved.
    /// </param>
    /// <returns>The full path.</returns>
    public static string For(string workspace, string dataFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataFile);
        string earlier = Path.Combine(RealPath(workspace), EarlierName);
        return File.Exists(Path.Combine(earlier, dataFile)) && !File.Exists(Path.Combine(PathFor(workspace), dataFile))
            ? earlier
            : For(workspace);
    }

    /// <summary>Gets where the data folder of a workspace is, whether or not there is one.</summary>
    /// <param name="workspace">The workspace.</param>
    public static string PathFor(string workspace)
    {
        ArgumentException.ThrowIfNullOrEmpty(workspace);
        string real = OperatingSystem.IsLinux() ? RealPath(workspace) : RealPath(workspace).ToUpperInvariant();
        return Path.Combine(Home, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(real)))[..32]);
    }

    private static void CreatePrivate(string folder)
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

    private static string RealPath(string path) => Path.TrimEndingDirectorySeparator(new Workspace(path).Root);

    private static string StateHome()
    {
        if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { } set && Path.IsPathFullyQualified(set))
        {
            return set;
        }

        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.Create);
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), ".local", "state");
    }
}
