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
            ChildKind made = await kind.ConfigureAwait(false);
            if (made.IsPartial)
            {
                // The next ones have what is there again by then.
                _kinds.Remove(key);
            }

            return made;
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
        MissingTools[] missing = [.. offer.Missing.Where(one => leads.Any(tool => ToolNames.IsOf(one.Group, tool.Name)))];
        string?[] told = [choice.Note, AnswerSchema.NoteOf(agent), pinned.Note];
        string[] notes = [.. told.OfType<string>(), .. offer.Notes, .. missing.Select(static one => one.Note)];
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
            IsPartial = missing.Length > 0,
            Awaited = AwaitedOf(lead, missing, access, model.Profile.Tools),
        };
    }

    /// <summary>What sub-agents await: what their lead awaits, and what it has of servers that are away at present.</summary>
    private static AwaitedTools? AwaitedOf(RunRecord lead, MissingTools[] missing, AccessRuling access, ToolBound bound)
    {
        if (lead.AwaitedTools is null && missing.Length == 0)
        {
            return null;
        }

        ToolAllowance[] allowances = [.. lead.AwaitedTools?.Allowances ?? [], .. access.Allowances ?? []];
        var groups = new Dictionary<string, string>(lead.AwaitedTools?.Groups ?? new Dictionary<string, string>());
        foreach (MissingTools one in missing)
        {
            groups[one.Group] = one.Reason;
        }

        return new AwaitedTools(groups) { Allowances = allowances.Length == 0 ? null : allowances, Bound = bound };
    }
}

/// <summary>What sub-agents of one lead and one definition have in common.</summary>
internal sealed record ChildKind(string DefinitionHash, PinnedTools Tools, ToolBound Bound, string Model, LoopLimits Limits,
    long BaseBytes)
{
    /// <summary>Gets the model that they may use whose price is not known; <see langword="null"/> for none.</summary>
    public string? Unpriced { get; init; }

    /// <summary>Gets whether tools are missing that come back: sub-agents that are made later are of another kind.</summary>
    public bool IsPartial { get; init; }

    /// <summary>Gets the tools that they start without and get when they come; <see langword="null"/> for none.</summary>
    public AwaitedTools? Awaited { get; init; }

    /// <summary>Gets what was left out, or stands for something else.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}
