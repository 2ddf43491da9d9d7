using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway.Access;

/// <summary>
/// Judges steering by the caller's present rights: its roles, and what it could submit now. A run that has more than that is not
/// for this caller to direct, also if it asked for the run itself when its rights were wider.
/// </summary>
internal sealed class SteeringRights(RunStore runs, RunLineage lineage, RunTools tools, Admission admission, RunSteerers steerers)
{
    /// <summary>Ensures that a caller may do something with a run.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.NotAllowed"/>: the message names the rule.
    /// </exception>
    public async Task EnsureAsync(string id, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        RunRights.Ensure(caller, run, act);
        if (act != RunAct.Steer)
        {
            return;
        }

        // A sub-agent has no more than the run at the root of its tree, and rules are written for what people submit.
        RunRecord root = (await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false)).Root;
        AccessRuling access = await admission.EnsureAccessAsync(caller, root.Agent, root.Goal, root.Labels, cancellationToken)
            .ConfigureAwait(false);
        if (!access.AllowsAll)
        {
            await EnsureToolsAsync(root, caller, access, cancellationToken).ConfigureAwait(false);
        }

        // Before its words take effect: who has steered a run does not decide about its calls where a rule wants another.
        if (caller.Id != root.Requester)
        {
            await steerers.AddAsync(root.Id, [caller.Id], cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task EnsureToolsAsync(RunRecord root, Caller caller, AccessRuling access, CancellationToken cancellationToken)
    {
        IReadOnlyList<ToolDeclaration> declared = await tools
            .GrantedAsync(root, await runs.GetDefinitionAsync(root, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        if (declared.FirstOrDefault(tool => !tool.IsClient && !access.Allows(tool.Name)) is { } beyond)
        {
            throw await admission.RefusedAsync(
                caller, root.Agent, AccessRules.NoRule,
                $"run '{root.Id}' has the tool '{beyond.Name}', which no rule gives {caller.Id} now; fork the run, without it",
                cancellationToken).ConfigureAwait(false);
        }
    }
}
