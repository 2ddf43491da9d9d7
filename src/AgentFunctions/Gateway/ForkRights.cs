using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway;

/// <summary>
/// Judges a fork as a submission by its caller now: access by the present rules, no tool that a submission to the same agent
/// would not get, the present limits, scopes and servers of the agent, and words of the agent's own only by an administrator.
/// </summary>
internal sealed class ForkRights(
    AgentCatalog agents, RunStore runs, RunTools tools, IModelCatalog models, Admission admission, AcceptanceGrants acceptances)
{
    /// <summary>Ensures that there is something to fork: what was said and done in the run is kept.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunErased"/>, <see cref="ErrorCode.RunStateForbids"/>: it is not.
    /// </exception>
    public Task EnsureKeptAsync(RunRecord source, CancellationToken cancellationToken) =>
        runs.EnsureKeptAsync(source.Id, cancellationToken);

    /// <summary>Ensures that a caller may fork a run as it asks for.</summary>
    /// <exception cref="AgentException">As for a submission; the message names the rule or the field.</exception>
    public async Task<ForkGrant> EnsureAsync(RunRecord source, ForkRequest request, Caller caller,
        CancellationToken cancellationToken)
    {
        AgentDefinition before = await runs.GetDefinitionAsync(source, cancellationToken).ConfigureAwait(false);
        AccessRuling access = await admission.EnsureAccessAsync(caller, source.Agent, source.Goal, source.Labels,
            cancellationToken).ConfigureAwait(false);
        await EnsureKeptAsync(source, cancellationToken).ConfigureAwait(false);
        await (request.Turn == 0 ? Task.CompletedTask : runs.EnsureNoSessionAsync(source.Id, cancellationToken))
            .ConfigureAwait(false);
        AgentDefinition present = await PresentAsync(source, cancellationToken).ConfigureAwait(false);
        if (present.Name != source.Agent)
        {
            AccessRuling root = await admission.EnsureAccessAsync(caller, present.Name, source.Goal, source.Labels,
                cancellationToken).ConfigureAwait(false);
            access = access.And(root);
        }

        if (request.Instructions is { } own && own != before.Instructions && !caller.Has(CallerRoles.Admin))
        {
            throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule 'roles': instructions: what agent '{source.Agent}' is told is for its owner to say, and a fork with other instructions takes the role "
                + $"{CallerRoles.Admin}; leave them out.");
        }

        ModelBinding model = ModelOf(source, request, caller, present);
        AgentDefinition agent = Adapted(before, present, request);
        present = DelegationContract.Resolve(present, models.ResolveFor(present.Model).Model.Profile.Provider);
        IReadOnlyList<ToolDeclaration> most =
            [.. (await tools.SelectAsync(present, cancellationToken)
                .ConfigureAwait(false)).Where(tool => access.Allows(tool.Name))];
        ToolOffer offer = await tools.ChooseAsync(agent, cancellationToken).ConfigureAwait(false);
        if (request.Tools is not null && offer.Unknown is [var unknown, ..])
        {
            throw new AgentException(
                ErrorCode.ToolNotFound,
                $"tools: this host has no tool '{unknown}'; the agent has: {string.Join(", ", most.Select(static tool => tool.Name))}.");
        }

        IReadOnlyList<ToolDeclaration> granted = ToolNarrowing.Of(
            agent, [.. offer.Tools.Where(tool => access.Allows(tool.Name)).Select(ToolDeclaration.Of)], most);
        if (source.Parent is not null)
        {
            // Its tree gave the sub-agent no more than this, and a fork of it gains nothing.
            granted = ToolNarrowing.Of(agent, granted,
                await tools.GrantedAsync(source, before, cancellationToken).ConfigureAwait(false));
        }

        // What the caller of the run executes, the caller of the fork does.
        IReadOnlyList<ToolDeclaration> had = await tools.GrantedAsync(source, before, cancellationToken).ConfigureAwait(false);
        granted = [.. granted, .. had.Where(tool => tool.IsClient && granted.All(own => own.Name != tool.Name))];
        acceptances.Ensure(source.Acceptance, caller, agent.Name, access, granted);
        return new ForkGrant(agent, model, granted, ScopeSet.Narrow(source.Scopes, present.Scopes));
    }

    /// <summary>
    /// The present definition of the agent; for a sub-agent that its lead defined, that of the nearest run above that has one.
    /// </summary>
    private async Task<AgentDefinition> PresentAsync(RunRecord source, CancellationToken cancellationToken)
    {
        for (RunRecord? run = source; run is not null;)
        {
            if (agents.Agents.FirstOrDefault(agent => agent.Name == run.Agent) is { } found)
            {
                return found;
            }

            run = (run.Parent ?? run.ForkedFrom?.Run) is { } above
                ? await runs.FindAsync(above, cancellationToken).ConfigureAwait(false)
                : null;
        }

        return agents.Resolve(source.Agent);
    }

    /// <summary>
    /// A submission speaks with the model of its agent: a fork may also take that of another agent that its caller may ask.
    /// </summary>
    private ModelBinding ModelOf(RunRecord source, ForkRequest request, Caller caller, AgentDefinition present)
    {
        ModelBinding model = models.Resolve(request.Model ?? source.Model);
        bool isOpen = model.Name == source.Model || caller.Has(CallerRoles.Admin)
            || models.ResolveFor(present.Model).Model.Name == model.Name
            || agents.Agents.Any(agent => admission.MayAsk(caller, agent.Name, source.Goal, source.Labels) && IsOf(agent, model));
        return isOpen
            ? model
            : throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule 'roles': model: no agent that {caller.Id} may ask speaks with model '{model.Name}', so a fork with it takes the role {CallerRoles.Admin}; leave it out.");
    }

    private bool IsOf(AgentDefinition agent, ModelBinding model)
    {
        try
        {
            return models.ResolveFor(agent.Model).Model.Name == model.Name;
        }
        catch (AgentException e) when (e.Code == ErrorCode.ModelNotFound)
        {
            return false;
        }
    }

    /// <summary>What the run was pinned to, as the request changes it and no wider than what the agent is now.</summary>
    private static AgentDefinition Adapted(AgentDefinition before, AgentDefinition present, ForkRequest request)
    {
        AgentDefinition agent =
            before with { Instructions = request.Instructions ?? before.Instructions, Tools = request.Tools ?? before.Tools };
        return present.Name != before.Name ? agent : agent with
        {
            McpServers = present.McpServers,
            Limits = present.Limits,
            Scopes = present.Scopes,
            Delegation = present.Delegation == Delegation.None ? Delegation.None : before.Delegation,
        };
    }
}

/// <summary>What a fork may have.</summary>
/// <param name="Agent">Its definition.</param>
/// <param name="Model">Its model.</param>
/// <param name="Tools">Its tools.</param>
/// <param name="Scopes">What its tokens may carry.</param>
internal sealed record ForkGrant(AgentDefinition Agent, ModelBinding Model, IReadOnlyList<ToolDeclaration> Tools,
    IReadOnlyList<string>? Scopes);
