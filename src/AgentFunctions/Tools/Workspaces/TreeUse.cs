using System.Text.Json;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Says which files a call reads that goes through a folder.</summary>
internal static class TreeUse
{
    /// <summary>Makes the use of a tool that leaves out the files that a rule forbids.</summary>
    /// <param name="tool">The tool that each file is judged as.</param>
    /// <param name="workspace">The workspace.</param>
    /// <param name="arguments">The arguments, with <c>path</c> for the folder.</param>
    /// <param name="pattern">The argument that narrows the files.</param>
    /// <param name="skip">Names of folders that are left out.</param>
    public static PathUse Of(string tool, Workspace workspace, JsonElement arguments, string pattern, IReadOnlySet<string> skip)
    {
        string path = TextOf(arguments, "path") ?? PathNames.Whole;
        string? only = TextOf(arguments, pattern);
        return new PathUse(tool, ToolEffect.None, path)
        {
            IsFiltered = true,
            Files = stop => Files(workspace, path, only, skip,
            stop)
        };
    }

    /// <summary>Lists the files below a path; none if the tool itself will refuse the path or the pattern.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">The path.</param>
    /// <param name="only">The pattern that files must match; <see langword="null"/> for all.</param>
    /// <param name="skip">Names of folders that are left out.</param>
    /// <param name="cancellationToken">The token to cancel the walk.</param>
    public static IEnumerable<string> Files(
        Workspace workspace, string path, string? only, IReadOnlySet<string> skip, CancellationToken cancellationToken)
    {
        try
        {
            Glob? glob = string.IsNullOrWhiteSpace(only) ? null : new Glob(only);
            return FileWalk.Files(workspace, path, skip, cancellationToken)
                .Where(file => glob?.IsMatch(file.BelowStart) != false).Select(static file => file.Path);
        }
        catch (AgentException)
        {
            return [];
        }
    }

    private static string? TextOf(JsonElement arguments, string name) =>
        arguments.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
