using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>The tools that work on the files of a run's workspace.</summary>
internal static class WorkspaceTools
{
    /// <summary>
    /// Makes <c>list_files</c>, <c>read_file</c>, <c>search_files</c>, <c>write_file</c>, <c>edit_file</c> and
    /// <c>run_command</c>.
    /// </summary>
    /// <param name="options">What the host allows; the defaults when left out.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: an option is wrong; the message names it.
    /// </exception>
    public static IReadOnlyList<AgentTool> Create(WorkspaceToolOptions? options = null)
    {
        options ??= new WorkspaceToolOptions();
        options.Validate();
        return Create(options, new WorkspaceCommands(options));
    }

    internal static IReadOnlyList<AgentTool> Create(WorkspaceToolOptions options, WorkspaceCommands commands)
    {
        var skip = options.SkippedFolders.ToHashSet(StringComparer.Ordinal);
        return
        [
            new ListFilesTool(skip).ToTool(),
            ReadFileTool.ToTool(),
            new SearchFilesTool(skip).ToTool(),
            WriteFileTool.ToTool(),
            new EditFileTool(options.MaxEditBytes).ToTool(),
            new RunCommandTool(commands).ToTool(),
        ];
    }

    internal static Workspace Require(ToolContext context) =>
        context.Workspace
        ?? throw new AgentException(ErrorCode.InvalidInput,
            "workspace: this run has none, so there are no files to work on; go on without files.");
}
