using AgentFunctions.Agents;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway;

/// <summary>Finds the agent for a goal among those that its caller may ask.</summary>
internal sealed class SubmissionRights(AgentCatalog agents, GoalRouter router, Admission admission, AcceptanceGrants acceptances)
{
    /// <summary>Finds the agent and ensures that the caller may ask it.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotAllowed"/>: the message names the rule.</exception>
    public async Task<(Route Route, AccessRuling Access)> EnsureAsync(RunRequest request, Caller caller,
        CancellationToken cancellationToken)
    {
        Route route = Find(request, caller);
        return (route, await admission.EnsureAccessAsync(caller, route.Agent.Name, request.Goal!, request.Labels,
            cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Finds the agent and judges whether the caller may ask it. Writes nothing down.</summary>
    public (Route Route, AccessRuling Access) Judge(RunRequest request, Caller caller)
    {
        Route route = Find(request, caller);
        return (route, admission.Judge(caller, route.Agent.Name, request.Goal!, request.Labels));
    }

    /// <summary>
    /// Whether a caller may submit something to an agent, whatever the goal, as far as the rules tell without one.
    /// </summary>
    public bool MayAsk(Caller caller, string agent) => admission.MayAsk(caller, agent, "", null);

    /// <summary>Ensures that the caller may have the answer checked as it asks.</summary>
    public void EnsureAcceptance(
        RunAcceptance? acceptance, Caller caller, string agent, AccessRuling access, IReadOnlyList<ToolDeclaration> granted) =>
        acceptances.Ensure(acceptance, caller, agent, access, granted);

    private Route Find(RunRequest request, Caller caller)
    {
        if (request.Agent is { } name)
        {
            return new Route(agents.Resolve(name), null);
        }

        AgentDefinition[] open =
            [.. agents.Agents.Where(agent => admission.MayAsk(caller, agent.Name, request.Goal!, request.Labels))];
        return open.Length == 0 && agents.Agents.Count > 0
            ? throw new AgentException(ErrorCode.NotAllowed,
                $"Rule '{AccessRules.NoRule}': no rule lets {caller.Id} submit this to any agent.")
            : router.Find(request.Goal!, open);
    }
}
