using AgentFunctions.Sqlite;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Where the program keeps the runs of a workspace.</summary>
/// <param name="Folder">The full path of the data folder.</param>
/// <param name="Note">What a person should know about it; <see langword="null"/> if nothing.</param>
internal sealed record DataLocation(string Folder, string? Note)
{
    public const string FileName = "agentfunctions.db";

    /// <summary>
    /// Finds the data folder of a workspace. One that an earlier version kept in the working folder goes on where it is, if this
    /// user's host made it: a folder that came with a download has no keys that are this user's alone.
    /// </summary>
    /// <param name="workspace">The workspace.</param>
    public static DataLocation Of(string workspace)
    {
        string folder = DataFolder.PathFor(workspace);
        string earlier = Path.GetFullPath(DataFolder.EarlierName);
        if (!File.Exists(Path.Combine(earlier, FileName)))
        {
            return new DataLocation(folder, null);
        }

        bool isUsed = !File.Exists(Path.Combine(folder, FileName)) && IsOurs(Path.Combine(earlier, "keys"));
        return isUsed
            ? new DataLocation(earlier,
                $"the data folder '{earlier}' of an earlier version is used where it is, and agents cannot reach it; move it to '{folder}' to keep it apart from the workspace.")
            : new DataLocation(folder,
                $"the data folder '{earlier}' is not used; if its runs are yours, look into it with --data {earlier}");
    }

    /// <summary>The data file of the working folder, for commands that look after one.</summary>
    public static string DataFile() => Path.Combine(Of(Environment.CurrentDirectory).Folder, FileName);

    private static bool IsOurs(string keys) => !OperatingSystem.IsWindows() && Directory.Exists(keys)
        && (File.GetUnixFileMode(keys) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute)) == 0;
}
