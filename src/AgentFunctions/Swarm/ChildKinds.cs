using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Search;

namespace AgentFunctions.Swarm;

/// <summary>Makes what sub-agents of one lead and one definition have in common.</summary>
internal sealed class ChildKinds(RunStore runs, RunTools tools, IModelCatalog models, RunLimits runLimits)
{
    /// <summary>How many kinds of sub-agents stay in memory.</summary>
    private const int CacheSize = 256;

    private readonly LruCache<string, Task<ChildKind>> _kinds = new(CacheSize);

    /// <summary>
    /// What sub-agents of a run and a definition have in common; made once, also for the calls of a turn that come at the same
    /// time.
    /// </summary>
    public async Task<ChildKind> FindAsync(RunRecord lead, AgentDefinition leadAgent, ChildOrder asked, SwarmLimits limits,
        AccessRuling access)
    {
        string denied = string.Join('\n', access.Allowances?.SelectMany(static one => one.Denied) ?? []);
        string key = $"{lead.Id}/{asked.Agent.Hash}/{denied}";
        if (!_kinds.TryGet(key, out Task<ChildKind>? kind))
        {
            kind = MakeAsync(lead, leadAgent, asked.Agent, limits, access);
            _kinds.Set(key, kind);
        }

        try
        {
            return await kind.ConfigureAwait(false);
        }
        catch
        {
            _kinds.Remove(key);
            throw;
        }
    }

    private async Task<ChildKind> MakeAsync(
        RunRecord lead, AgentDefinition leadAgent, AgentDefinition asked, SwarmLimits limits, AccessRuling access)
    {
        ModelChoice choice = asked.Model is null
            ? new ModelChoice(models.Resolve(lead.Model), null)
            : models.ResolveFor(asked.Model);
        ModelBinding model = choice.Model;
        AgentDefinition agent = limits.Depth > 1 && SwarmOptions.MayDelegate(leadAgent)
            ? DelegationContract.Resolve(asked, model.Profile.Provider)
            : asked with { Delegation = Delegation.None };
        IReadOnlyList<ToolDeclaration> leads = await tools.GrantedAsync(lead, leadAgent).ConfigureAwait(false);
        ToolOffer offer = await tools.ChooseAsync(agent).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> own =
            [.. ToolNarrowing.Of(agent, [.. offer.Tools.Select(ToolDeclaration.Of)], leads)
                .Where(tool => access.Allows(tool.Name))];
        var budget = new Budget { Steps = limits.ChildSteps, WallClock = limits.ChildTime };
        LoopLimits bounds = runLimits.Of(agent, model, null, budget) with
        {
            Swarm = limits.Depth <= 1 || !SwarmOptions.MayDelegate(agent) ? null : limits with { Depth = limits.Depth - 1 },
            StepTimeout = limits.StepTimeout,
            OwnModel = model.Name == lead.Model ? null : model.Name,
        };
        PinnedTools pinned = await tools.PinAsync(agent, own, model.Profile.Tools, CancellationToken.None).ConfigureAwait(false);
        string?[] told = [choice.Note, AnswerSchema.NoteOf(agent), pinned.Note];
        string[] notes = [.. told.OfType<string>(), .. offer.Notes];
        return new ChildKind(
            await runs.PutDefinitionAsync(agent).ConfigureAwait(false),
            pinned,
            model.Profile.Tools,
            model.Name,
            bounds,
            Prompt.FirstRequestBytes(agent, lead with { Goal = "", Acceptance = null, Input = null }, pinned.Declared))
        {
            Notes = notes.Length == 0 ? null : notes,
            Unpriced = runLimits.UnpricedOf(model),
        };
    }
}

/// <summary>What sub-agents of one lead and one definition have in common.</summary>
internal sealed record ChildKind(string DefinitionHash, PinnedTools Tools, ToolBound Bound, string Model, LoopLimits Limits,
    long BaseBytes)
{
    /// <summary>Gets the model that they may use whose price is not known; <see langword="null"/> for none.</summary>
    public string? Unpriced { get; init; }

    /// <summary>Gets what was left out, or stands for something else.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}
