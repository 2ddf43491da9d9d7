using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway;

/// <summary>Drafts the run that a goal asks for: route, access, model, tools, acceptance, limits. Changes nothing.</summary>
internal sealed class SubmissionDrafts(SubmissionRights rights, IModelCatalog models, RunTools tools, RunLimits limits,
    RunRecords records,
    RunFurnishing furnishing)
{
    /// <summary>Drafts a run.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="narrow">Changes the definition for this run alone; <see langword="null"/> to leave it.</param>
    /// <param name="id">The run's id.</param>
    /// <param name="known">Its record, if it was admitted before; the run is then what it was admitted as.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunDraft> DraftAsync(
        RunRequest request, Caller caller, Func<AgentDefinition, Task<AgentDefinition>>? narrow, string id, RunRecord? known,
        CancellationToken cancellationToken)
    {
        if (known is not null)
        {
            return await RestoreAsync(known, request, cancellationToken).ConfigureAwait(false);
        }

        (Route route, AccessRuling access) = await rights.EnsureAsync(request, caller, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = route.Agent;
        agent = narrow is null ? agent : await narrow(agent).ConfigureAwait(false);
        (ModelBinding model, string? modelNote) = models.ResolveFor(agent.Model);
        agent = DelegationContract.Resolve(agent, model.Profile.Provider);
        ToolOffer offer = await tools.ChooseAsync(agent, cancellationToken).ConfigureAwait(false);
        // What the caller executes itself is no right that it needs.
        IReadOnlyList<ToolDeclaration> granted =
        [
            .. offer.Tools.Where(tool => access.Allows(tool.Name)).Select(ToolDeclaration.Of),
            .. tools.Declare(request.ClientTools, offer),
        ];
        rights.EnsureAcceptance(request.Acceptance, caller, agent.Name, access, granted);
        var run = new RunRecord
        {
            Id = id,
            Agent = agent.Name,
            DefinitionHash = "",
            Model = model.Name,
            Goal = request.Goal!,
            Acceptance = request.Acceptance,
            Input = request.Input,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            Priority = request.Priority,
            CallbackUrl = request.CallbackUrl,
            Door = caller.Door?.Name,
            Via = request.Via,
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            Scopes = ScopeSet.Narrow(request.Scopes, agent.Scopes),
            AwaitedTools = offer.Missing.Count == 0
                ? null
                : new AwaitedTools(offer.Missing.ToDictionary(static one => one.Group, static one => one.Reason))
                {
                    Allowances = access.Allowances,
                    Bound = model.Profile.Tools,
                },
            Notes = NotesOf(offer, modelNote, AnswerSchema.NoteOf(agent)),
            CreatedAt = default,
        };
        RunDraft draft = await records
            .DraftAsync(run, agent, granted, limits.Of(agent, model, request.Acceptance, request.Budget), route.Rule,
                cancellationToken)
            .ConfigureAwait(false);
        return furnishing.Of(draft, agent, request);
    }

    /// <summary>Whether a caller may submit something to an agent.</summary>
    public bool MayAsk(Caller caller, string agent) => rights.MayAsk(caller, agent);

    private static string[]? NotesOf(ToolOffer offer, params string?[] own)
    {
        string[] notes = [.. own.OfType<string>(), .. offer.Notes,
            .. offer.Missing.Select(static one => $"The run starts without the tools of {one.Group}: {one.Reason.TrimEnd('.')}. It is told when they come.")];
        return notes.Length == 0 ? null : notes;
    }

    private async Task<RunDraft> RestoreAsync(RunRecord run, RunRequest request, CancellationToken cancellationToken)
    {
        (AgentDefinition agent, IReadOnlyList<ToolDeclaration> declared) = await records.PinnedAsync(run, cancellationToken)
            .ConfigureAwait(false);
        LoopLimits held = limits.Of(agent, models.Resolve(run.Model), run.Acceptance, request.Budget);
        return furnishing.Of(RunRecords.Draft(run, agent, declared, held, null), agent, request);
    }
}
