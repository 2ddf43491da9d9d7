namespace AgentFunctions.Workspaces;

/// <summary>Tells which paths govern the runs of this host and are therefore out of reach of their tools.</summary>
/// <remarks>
/// Paths are compared by text with links resolved, without regard to case where the file system has none, and on Linux by the
/// identity of what is there too, so that hard links and mounts of the same folder are seen.
/// </remarks>
/// <param name="governing">What governs.</param>
internal sealed class ProtectedPaths(IEnumerable<GoverningPath> governing)
{
    private const string CurrentFolder = "/proc/self/cwd";

    /// <summary>Gets all that governs.</summary>
    public IReadOnlyList<GoverningPath> Governing { get; } = [.. governing];

    /// <summary>Finds what governs at a path.</summary>
    /// <param name="fullPath">The full path; it need not exist, and may lead through links.</param>
    /// <returns>What governs there; <see langword="null"/> if nothing does.</returns>
    public GoverningPath? Find(string fullPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(fullPath);
        return Look().Find(fullPath);
    }

    /// <summary>
    /// Finds what governs at a path that an argument of a program names, as far as that can be told: the argument itself, what
    /// follows <c>=</c>, <c>:</c> or <c>@</c> in it, and what is written right behind a short option, relative to the workspace.
    /// </summary>
    /// <param name="workspace">The folder that the program starts in.</param>
    /// <param name="argument">The argument.</param>
    /// <returns>What governs there; <see langword="null"/> if nothing does, or no path can be made out.</returns>
    public GoverningPath? FindInArgument(Workspace workspace, string argument)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentNullException.ThrowIfNull(argument);
        ProtectedLook look = Look();
        return argument.Contains('\0')
            ? null
            : Starts(argument).Select(start => look.Find(FullPath(workspace, argument[start..])))
                .FirstOrDefault(static found => found is not null);
    }

    internal ProtectedLook Look() => new(Governing);

    private static IEnumerable<int> Starts(string argument)
    {
        yield return 0;
        if (argument.Length > 2 && argument[0] == '-' && argument[1] != '-')
        {
            yield return 2;
        }

        for (int i = 0; i < argument.Length - 1; i++)
        {
            if (argument[i] is '=' or ':' or '@')
            {
                yield return i + 1;
            }
        }
    }

    private static string FullPath(Workspace workspace, string part)
    {
        if (part == "~" || part.StartsWith("~/", StringComparison.Ordinal))
        {
            part = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + part[1..];
        }
        else if (part.StartsWith(CurrentFolder, StringComparison.Ordinal))
        {
            part = workspace.Root + part[CurrentFolder.Length..];
        }

        return Path.GetFullPath(part, workspace.Root);
    }
}
