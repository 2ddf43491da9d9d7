using AgentFunctions.Gateway.Access;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>
/// Ensures that a run may be checked as it asks for: a command of its acceptance is a call of the agent's own <c>run_command</c>.
/// </summary>
internal sealed class AcceptanceGrants(IModelCatalog models, IOptions<RunOptions> options, WorkspaceCommands? commands = null)
{
    /// <summary>Ensures it.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.ModelNotFound"/>: the message names the field and the remedy.
    /// <see cref="ErrorCode.NotAllowed"/>: no rule lets the caller have commands run.
    /// </exception>
    public void Ensure(RunAcceptance? acceptance, Caller caller, string agent, AccessRuling access,
        IReadOnlyList<ToolDeclaration> granted)
    {
        if (acceptance is null)
        {
            return;
        }

        AcceptanceRules.Ensure(acceptance, models, commands, options.Value is not { Workspace: null, WorkspaceRoot: null });
        if (acceptance.Command is null || granted.Any(static tool => tool.Name == RunCommandTool.Name))
        {
            return;
        }

        throw access.Allows(RunCommandTool.Name)
            ? new AgentException(
                ErrorCode.InvalidInput,
                $"acceptance.command: agent '{agent}' has no tool '{RunCommandTool.Name}', so no command runs for it; add the tool to its definition, or leave the command out.")
            : new AgentException(
                ErrorCode.NotAllowed,
                $"Rule '{AccessRules.NoRule}': acceptance.command: no rule lets {caller.Id} have commands run ('{RunCommandTool.Name}').");
    }
}
