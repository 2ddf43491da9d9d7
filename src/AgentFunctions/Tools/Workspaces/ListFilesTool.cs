using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

internal sealed class ListFilesTool(IReadOnlySet<string> skip)
{
    private const int DefaultMax = 1_000;
    private const int HighestMax = 10_000;

    public AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "list_files",
                "Lists the files of the workspace with their sizes in bytes, one a line, in order of their paths. "
                + $"Folders named {string.Join(", ", skip.Order(StringComparer.Ordinal))} are left out unless path begins within one.",
                List),
            ToolEffect.None)
        {
            Timeout = TimeSpan.FromSeconds(60),
            Reach = ToolReach.Workspace,
            Paths = [new PathArgument("path") { IsWholeByDefault = true }],
            Uses = (workspace, arguments) => [TreeUse.Of("list_files", workspace, arguments, "pattern", skip)],
        };

    private string List(
        ToolContext context,
        [Description("The folder to list, relative to the workspace; the whole workspace when left out.")] string? path = null,
        [Description("Only files that match, for example '*.cs' (in any folder), 'docs/**' or '**/*.{json,yml}'; relative to path.")] string? pattern = null,
        [Description("The most files to list, at most 10000.")] int max = DefaultMax,
        CancellationToken cancellationToken = default)
    {
        max = Math.Clamp(max, 1, HighestMax);
        Glob? glob = string.IsNullOrWhiteSpace(pattern) ? null : new Glob(pattern);
        var text = new StringBuilder();
        long count = 0;
        foreach (WorkspaceEntry file in FileWalk.Files(WorkspaceTools.Require(context), path, skip, cancellationToken))
        {
            if (glob?.IsMatch(file.BelowStart) == false || context.Files?.Allows(file.Path) == false)
            {
                continue;
            }

            if (++count <= max)
            {
                text.Append(CultureInfo.InvariantCulture, $"{PathSyntax.InList(file.Path)}  {file.Size}\n");
            }
        }

        string leftOut = context.Files?.Note ?? "";
        if (count == 0)
        {
            return leftOut.Length == 0 ? "(no files)" : $"(no files)\n{leftOut}";
        }

        return count > max
            ? text.Append(CultureInfo.InvariantCulture,
                $"… {count - max} more of {count} files; narrow it with path or pattern, or raise max.\n{leftOut}").ToString()
                .TrimEnd('\n')
            : text.Append(leftOut).ToString().TrimEnd('\n');
    }
}
