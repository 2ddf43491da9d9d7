namespace AgentFunctions.Workspaces;

/// <summary>Resolves links one by one, so that each target can be judged before anything behind it is touched.</summary>
internal static class LinkWalk
{
    // What Linux allows.
    private const int MaxLinks = 40;

    /// <summary>Follows a path from a root; <see langword="null"/> when a link leads out, or links lead in a circle.</summary>
    /// <param name="root">The root's full path, which holds no links.</param>
    /// <param name="relative">The path below it, without <c>..</c>; it need not exist.</param>
    /// <param name="below">What follows the root in a full path; <see langword="null"/> when it is outside.</param>
    public static string? Within(string root, string relative, Func<string, string?> below)
    {
        var rest = new Stack<string>();
        Push(rest, relative);
        string current = root;
        int links = 0;
        while (rest.TryPop(out string? part))
        {
            string next = Path.Join(current, part);
            string? target = new FileInfo(next).LinkTarget;
            if (target is null)
            {
                current = next;
                continue;
            }

            // Of a path that is too long for the system nobody knows where it leads: its target is told as empty.
            string? inside = target.Length == 0 || ++links > MaxLinks ? null : below(Path.GetFullPath(target, current));
            if (inside is null)
            {
                return null;
            }

            Push(rest, inside);
            current = root;
        }

        return current;
    }

    /// <summary>A full path with all its links resolved.</summary>
    /// <param name="fullPath">The path.</param>
    /// <returns>The path itself when its links lead in a circle.</returns>
    public static string Real(string fullPath)
    {
        string root = Path.GetPathRoot(fullPath)!;
        return Within(root, fullPath[root.Length..], full => PathSyntax.Below(full, root, StringComparison.OrdinalIgnoreCase))
            ?? fullPath;
    }

    /// <summary>
    /// Gets where a path leads as programs take it: a <c>..</c> after a link is the parent of the link's target.
    /// </summary>
    /// <param name="folder">Where the program starts, a full path.</param>
    /// <param name="path">The path, relative to it or full.</param>
    public static string Followed(string folder, string path)
    {
        string whole = Path.Join(Path.IsPathRooted(path) ? "" : folder, path);
        string current = Path.GetPathRoot(whole) is { Length: > 0 } root ? root : folder;
        foreach (string part in whole[(Path.GetPathRoot(whole)?.Length ?? 0)..].Split(
            [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            current = part switch
            {
                "." => current,
                ".." => Path.GetDirectoryName(current) ?? current,
                _ => Real(Path.Join(current, part)),
            };
        }

        return current;
    }

    private static void Push(Stack<string> rest, string relative)
    {
        string[] parts = relative.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar],
            StringSplitOptions.RemoveEmptyEntries);
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            rest.Push(parts[i]);
        }
    }
}
