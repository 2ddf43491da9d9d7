using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Tells whether the repository of a workspace lies in it, with all that it refers to.</summary>
internal static class GitLocation
{
    private const int MaxReference = 64 << 10;

    /// <summary>Finds what leads to another repository.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="place">The folder that the repository is in; <see langword="null"/> for the workspace.</param>
    /// <returns>Why git is not started; <see langword="null"/> if it may be.</returns>
    public static string? Obstacle(Workspace workspace, string? place = null)
    {
        place ??= workspace.Root;
        string folder = Path.Combine(place, ".git");
        if (File.Exists(folder))
        {
            string? named = First(folder);
            const string Key = "gitdir:";
            if (named?.StartsWith(Key, StringComparison.Ordinal) != true)
            {
                return Elsewhere(".git");
            }

            folder = Path.GetFullPath(named[Key.Length..].Trim(), place);
        }

        if (!Directory.Exists(folder))
        {
            return null;
        }

        foreach (string name in new[] { "", "commondir", "objects", "refs", "HEAD", "config", "index",
            "objects/info/alternates" })
        {
            if (!IsInside(workspace, Path.Combine(folder, name)))
            {
                return Elsewhere(name);
            }
        }

        if (First(Path.Combine(folder, "commondir")) is { } common
            && !IsInside(workspace, Path.GetFullPath(common.Trim(), folder)))
        {
            return Elsewhere("commondir");
        }

        return First(Path.Combine(folder, "objects", "info", "alternates")) is null ? null : Elsewhere("objects/info/alternates");
    }

    private static string Elsewhere(string name) =>
        $"command: the repository of this workspace leads to another one{(name.Length > 0 ? $" ({name})" : "")}, so git is not started. "
        + "Use a workspace that holds its whole repository, or allow 'git:*'.";

    private static bool IsInside(Workspace workspace, string path)
    {
        try
        {
            workspace.Resolve(path);
            return true;
        }
        catch (AgentException)
        {
            return false;
        }
    }

    private static string? First(string file) =>
        File.Exists(file) && new FileInfo(file).Length is > 0 and <= MaxReference
            ? File.ReadLines(file).FirstOrDefault(static line => line.Trim().Length > 0)
            : File.Exists(file) && new FileInfo(file).Length > 0 ? "" : null;
}
