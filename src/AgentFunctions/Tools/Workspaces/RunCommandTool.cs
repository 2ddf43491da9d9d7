using System.ComponentModel;

namespace AgentFunctions.Tools.Workspaces;

internal sealed class RunCommandTool(WorkspaceToolOptions options)
{
    private readonly HashSet<string> _allowed = options.AllowedCommands.ToHashSet(StringComparer.Ordinal);
    private readonly HashSet<string> _passed = options.PassedEnvironment.ToHashSet(StringComparer.OrdinalIgnoreCase);
    private readonly int _maxOutput = options.MaxCommandOutput;
    private readonly TimeSpan _timeout = options.CommandTimeout;

    public AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "run_command",
                $"Runs a program in the workspace's folder, without a shell: no pipes, wildcards or redirections. Gives its exit code and output. {Allowed()}",
                RunAsync),
            ToolEffect.NotIdempotent)
        { OnlyByName = true, Timeout = _timeout };

    private async Task<string> RunAsync(
        ToolContext context,
        [Description("The program's name alone, for example 'git'.")] string command,
        [Description("Its arguments, one item each, for example [\"log\", \"--oneline\"].")] string[]? arguments = null,
        CancellationToken cancellationToken = default)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        if (!_allowed.Contains(command))
        {
            throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"command: '{PathSyntax.Show(command)}' is not allowed. {Allowed()} Write the name alone and what follows it in arguments.");
        }

        string program = ProgramPath.Find(command, workspace)
            ?? throw new AgentException(ErrorCode.ToolFailed, $"command: '{command}' is not installed on this host.");
        return await CommandProcess.RunAsync(program, arguments ?? [], workspace.Root, CommandEnvironment.Make(_passed), _maxOutput, cancellationToken)
            .ConfigureAwait(false);
    }

    private string Allowed() =>
        _allowed.Count == 0
            ? "This host allows no command."
            : $"Allowed: {string.Join(", ", _allowed.Order(StringComparer.Ordinal))}.";
}
