namespace AgentFunctions.Governance.Policies;

/// <summary>
/// Compares paths of tools that do not work on the run's workspace, such as those of tool servers, by their text alone.
/// </summary>
internal static class TextualPath
{
    /// <summary>Determines whether a path lies within a folder; <see langword="null"/> if the text cannot tell.</summary>
    /// <param name="path">The path.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="workspace">
    /// The full path of the workspace, below which absolute paths are relative; <see langword="null"/> if there is none.
    /// </param>
    public static bool? IsUnder(string path, string folder, string? workspace)
    {
        if (Normalize(path) is not { } normal)
        {
            return null;
        }

        if (Normalize(folder) is not { } root)
        {
            return false;
        }

        if (root.Length == 0 ? !normal.StartsWith('/') : IsBelow(normal, root))
        {
            return true;
        }

        return workspace is not null && Normalize(workspace) is { } whole && IsBelow(normal, whole) != IsBelow(root, whole)
            && IsBelow(Join(whole, normal), Join(whole, root));
    }

    private static string Join(string whole, string path) => IsBelow(path, whole) ? path : path.Length == 0
        ? whole
        : $"{whole}/{path.TrimStart('/')}";

    private static bool IsBelow(string path, string root) =>
        path == root || (path.StartsWith(root, StringComparison.Ordinal) && path.AsSpan(root.Length).StartsWith("/"));

    /// <summary>The path without <c>.</c> and <c>..</c>; <see langword="null"/> if it leads out of where it begins.</summary>
    private static string? Normalize(string path)
    {
        string text = path.Replace('\\', '/').Normalize();
        var parts = new List<string>();
        foreach (string part in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    return null;
                }

                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return (text.StartsWith('/') ? "/" : "") + string.Join('/', parts);
    }
}
