using System.ComponentModel;
using AgentFunctions.Core;

namespace AgentFunctions.Tools.Workspaces;

internal sealed class RunCommandTool(WorkspaceCommands commands)
{
    public const string Name = CommandToolName.Value;

    public AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                Name,
                $"Runs a program in the workspace's folder, without a shell: no pipes, wildcards or redirections. Gives its exit code and output. {commands.AllowedText}",
                RunAsync),
            ToolEffect.NotIdempotent)
        {
            IsOptIn = true,
            Timeout = commands.Timeout,
            Uses = commands.UsesOf,
            MayRunAny = commands.AllowsAny,
        };

    private async Task<string> RunAsync(
        ToolContext context,
        [Description("The program's name alone, for example 'git'.")] string command,
        [Description("Its arguments, one item each, for example [\"log\", \"--oneline\"].")] string[]? arguments = null,
        CancellationToken cancellationToken = default)
    {
        CommandResult result = await commands
            .RunAsync(WorkspaceTools.Require(context), command, arguments ?? [], cancellationToken).ConfigureAwait(false);
        return result.Text;
    }
}
