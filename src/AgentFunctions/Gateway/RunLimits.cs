using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>Works out what a run is held to.</summary>
internal sealed class RunLimits(IModelCatalog models, IOptions<SwarmOptions> swarm)
{
    /// <summary>Gets the narrower of what the definition and the request allow.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: money is limited, and a model has no price. <see cref="ErrorCode.ModelNotFound"/>: there is no such judge.
    /// </exception>
    public LoopLimits Of(AgentDefinition agent, ModelBinding model, RunAcceptance? acceptance, Budget? requested)
    {
        var own = new Budget { Tokens = agent.Limits.MaxTokens, WallClock = agent.Limits.MaxDuration };
        Budget budget = requested is null ? own : own.Narrow(requested);
        budget = agent.Delegation == Delegation.None ? budget : budget.Narrow(new Budget { SubAgents = swarm.Value.MaxSubAgents });
        ModelBinding? judge = acceptance?.Judge is { } asked ? models.Resolve(asked.Model ?? model.Name) : null;
        foreach (ModelBinding priced in new[] { model, judge ?? model })
        {
            if (budget.Usd is not null && priced.Profile.Price is null)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"budget.usd: no price is configured for model '{priced.Name}'; set Models:{priced.Name}:Price:Input and Price:Output, or leave it out.");
            }
        }

        ModelProfile profile = model.Profile;
        return new LoopLimits(agent.Limits.MaxTurns, budget, profile.ContextWindow, profile.MaxOutputTokens, profile.Price)
        {
            MaxRejections = acceptance is { IsChecked: true } ? acceptance.MaxAttempts : 0,
            BytesPerToken = profile.BytesPerToken,
            TellsBudget = true,
            CallsInOrder = agent.CallsInOrder ? true : null,
            PausesClock = agent.Limits.PausesClock ? true : null,
            Judge = judge is null ? null : JudgeLimitsOf(judge.Profile),
            Swarm = swarm.Value.LimitsOf(agent),
        };
    }

    private static JudgeLimits JudgeLimitsOf(ModelProfile judge) => new(
        Math.Min(judge.MaxOutputTokens, 8_192),
        (long)Math.Max(1, (judge.ContextWindow - judge.MaxOutputTokens) * judge.BytesPerToken),
        judge.Price);
}
