using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>Works out what a run is held to.</summary>
internal sealed class RunLimits(IModelCatalog models, IOptions<SwarmOptions> swarm, IOptions<RunOptions> runs)
{
    /// <summary>Gets the narrower of what the definition and the request allow.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: money is limited, and a model has no price. <see cref="ErrorCode.ModelNotFound"/>:
    /// there is no such judge.
    /// </exception>
    public LoopLimits Of(AgentDefinition agent, ModelBinding model, RunAcceptance? acceptance, Budget? requested)
    {
        var own = new Budget { Tokens = agent.Limits.MaxTokens, WallClock = agent.Limits.MaxDuration };
        Budget budget = requested is null ? own : own.Narrow(requested);
        budget = !SwarmOptions.MayDelegate(agent) ? budget : budget.Narrow(new Budget { SubAgents = swarm.Value.MaxSubAgents });
        ModelBinding? judge = acceptance?.Judge is { } asked ? models.Resolve(asked.Model ?? model.Name) : null;
        IReadOnlyList<ModelBinding> speakers = WithFallbacks(model);
        IReadOnlyList<ModelBinding> judges = judge is null ? [] : WithFallbacks(judge);
        if (budget.Usd is not null && FirstUnpriced(speakers.Concat(judges)) is { } unpriced)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"budget.usd: no price is configured for model '{unpriced}'; set Models:{unpriced}:Price:Input and Price:Output, or leave it out.");
        }

        ModelProfile profile = model.Profile;
        return new LoopLimits(agent.Limits.MaxTurns ?? TurnsOf(budget), budget, profile.ContextWindow, profile.MaxOutputTokens,
            Dearest(speakers))
        {
            MaxRejections = AnswerSchema.AttemptsOf(acceptance, agent),
            BytesPerToken = profile.BytesPerToken,
            TellsBudget = true,
            HearsSubAgents = true,
            DrainsSubAgents = true,
            CountsWaits = true,
            GoesOnWithMore = true,
            CallsInOrder = agent.CallsInOrder ? true : null,
            PausesClock = agent.Limits.PausesClock ? true : null,
            Judge = judge is null ? null : JudgeLimitsOf(judge.Profile, Dearest(judges)),
            Swarm = swarm.Value.LimitsOf(agent),
        };
    }

    /// <summary>
    /// The model whose price is not known among one and those that may answer in its place; <see langword="null"/> for none.
    /// </summary>
    /// <param name="model">The model.</param>
    public string? UnpricedOf(ModelBinding model) => FirstUnpriced(WithFallbacks(model));

    private static string? FirstUnpriced(IEnumerable<ModelBinding> models) =>
        models.FirstOrDefault(static model => model.Profile.Price is null)?.Name;

    /// <summary>
    /// A budget ends a run by itself, and is told to the model; only where there is none a number of turns is the limit.
    /// </summary>
    private int TurnsOf(Budget budget) =>
        budget is { Steps: null, Tokens: null, Usd: null, WallClock: null } ? runs.Value.MaxTurns : int.MaxValue;

    private static JudgeLimits JudgeLimitsOf(ModelProfile judge, ModelPrice? price) => new(
        Math.Min(judge.MaxOutputTokens, 8_192),
        (long)Math.Max(1, (judge.ContextWindow - judge.MaxOutputTokens) * judge.BytesPerToken),
        price);

    private IReadOnlyList<ModelBinding> WithFallbacks(ModelBinding model) =>
        [model, .. models.Models.Where(other => model.Fallback?.Models.Contains(other.Name,
            StringComparer.OrdinalIgnoreCase) == true)];

    /// <summary>
    /// What any of the models that may answer costs at the most: a call is allowed only if the dearest can pay it.
    /// </summary>
    private static ModelPrice? Dearest(IReadOnlyList<ModelBinding> speakers)
    {
        ModelPrice[] prices = [.. speakers.Select(static speaker => speaker.Profile.Price).OfType<ModelPrice>()];
        return speakers.Count == 1 || prices.Length < 2 ? speakers[0].Profile.Price
            : new ModelPrice(prices.Max(static price => price.MostInput), prices.Max(static price => price.Output));
    }
}
