using System.IO.Enumeration;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>
/// Judges the repositories within the repository of a workspace, which git looks into by their own configuration and hooks.
/// </summary>
/// <remarks>
/// What a command overrides for the outer repository does not reach them: git clears it before it starts itself there.
/// </remarks>
internal static class NestedRepositories
{
    private const int MaxRepositories = 200;

    private static readonly EnumerationOptions Everything =
        new() { AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = true };

    /// <summary>Finds a repository that could run a program.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="start">Starts git with arguments of ours and returns its output.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Why git is not started; <see langword="null"/> if it may be.</returns>
    public static async Task<string?> ObstacleAsync(
        Workspace workspace, Func<IReadOnlyList<string>, Task<CommandResult>> start, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (string repository in Find(workspace.Root))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = workspace.Relative(repository);
            if (++count > MaxRepositories)
            {
                return $"command: there are more than {MaxRepositories} repositories in this workspace, too many to be judged, so git is not started. Allow 'git:*' if that is meant.";
            }

            if (await ReasonAsync(workspace, repository, name, start).ConfigureAwait(false) is { } reason)
            {
                return $"command: git would look into the repository '{PathSyntax.Show(name)}' within this one, and {reason}, so it is not started. "
                    + "Remove that, use a form that does not look there (status, diff, log, show), or allow 'git:*'.";
            }
        }

        return null;
    }

    private static async Task<string?> ReasonAsync(
        Workspace workspace, string repository, string name, Func<IReadOnlyList<string>, Task<CommandResult>> start)
    {
        if (GitLocation.Obstacle(workspace, repository) is not null)
        {
            return "it leads to another one";
        }

        string folder = Path.Combine(name, ".git");
        CommandResult listed = await start(["--no-pager", $"--git-dir={folder}", "config", "--list", "--name-only", "-z"])
            .ConfigureAwait(false);
        if (listed.ExitCode != 0 || listed.IsCut)
        {
            return listed.IsCut ? "its configuration is too long to be judged" : "its configuration cannot be read";
        }

        if (GitSettings.Keys(listed.Output).FirstOrDefault(static key => !GitSettings.IsHarmlessWithin(key)) is { } key)
        {
            return $"its configuration sets '{PathSyntax.Show(key)}', which may run a program";
        }

        CommandResult hooks = await start(["--no-pager", $"--git-dir={folder}", "rev-parse", "--git-path", "hooks"])
            .ConfigureAwait(false);
        return hooks.ExitCode == 0
            ? HookIn(Path.GetFullPath(hooks.Output.TrimEnd('\r', '\n'), workspace.Root))
            : "its hooks cannot be found";
    }

    private static string? HookIn(string folder) =>
        Directory.Exists(folder)
            && Directory.EnumerateFileSystemEntries(folder)
                .FirstOrDefault(static file => !file.EndsWith(".sample", StringComparison.Ordinal)) is { } hook
            ? $"it has the hook '{PathSyntax.Show(Path.GetFileName(hook))}'" : null;

    /// <summary>
    /// Lists the folders below a folder that hold a <c>.git</c>, of whatever kind. Links are not followed, as git does not.
    /// </summary>
    private static IEnumerable<string> Find(string root) =>
        new FileSystemEnumerable<string>(root, static (ref FileSystemEntry entry) => entry.Directory.ToString(), Everything)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => IsGit(entry.FileName) && !entry.Directory.SequenceEqual(root),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => !IsGit(entry.FileName)
                && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };

    private static bool IsGit(ReadOnlySpan<char> name) => name.Equals(".git", StringComparison.OrdinalIgnoreCase);
}
