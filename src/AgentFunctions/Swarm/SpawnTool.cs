using System.ComponentModel;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>Starts sub-agents over a list.</summary>
internal static class SpawnTool
{
    private const string Placeholder = "{item}";
    private const int MaxWeight = 100;

    public static async Task<string> SpawnAsync(
        ToolContext context,
        [Description("What each sub-agent works on, one for each.")] IReadOnlyList<string> items,
        [Description("The task; {item} stands for the item, which is added at the end where it is left out.")] string template,
        [Description("The agent to use, one of this host's; by default one like you.")] string? agent = null,
        [Description("low, normal or high: which ones start first; never more urgent than you.")] string? priority = null,
        [Description("How large a share of the budget each gets against others that you start in this turn; 1 by default.")] int weight = 1,
        [Description("The most that each may spend; by default its share.")] SpawnBudget? budget = null,
        CancellationToken cancellationToken = default)
    {
        if (items.Count == 0)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "items: name at least one.");
        }

        if (weight is < 1 or > MaxWeight)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"weight: use a whole number from 1 to {MaxWeight}.");
        }

        RunPriority urgency = RunPriority.High;
        if (priority is not null && !Enum.TryParse(priority, ignoreCase: true, out urgency))
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "priority: use low, normal or high.");
        }

        budget?.ToBudget().Validate(nameof(budget));
        AgentDefinition? named = agent is null
            ? null
            : SwarmArguments.Find(context.Services.GetRequiredService<AgentCatalog>(), agent, nameof(agent));
        await context.Services.GetRequiredService<ChildAdmission>().AdmitAsync(
            context,
            lead => new ChildOrder(named ?? lead, items.Count)
            {
                GoalOf = index => GoalOf(template, items[index]),
                Priority = urgency,
                Weight = weight,
                Ask = budget?.ToBudget(),
            },
            cancellationToken).ConfigureAwait(false);
        string first = ChildName.Of(context.Turn, context.Call, 0);
        string last = ChildName.Of(context.Turn, context.Call, items.Count - 1);
        return items.Count == 1
            ? $"Started the sub-agent {first}."
            : $"Started {items.Count} sub-agents, {first} to {last} in the order of the items; some may have to wait for their turn.";
    }

    private static string GoalOf(string template, string item) => template.Contains(Placeholder, StringComparison.Ordinal)
        ? template.Replace(Placeholder, item, StringComparison.Ordinal)
        : $"{template}\n\n{item}";
}

/// <summary>The most that a sub-agent may spend.</summary>
/// <param name="Steps">Model calls and tool calls.</param>
/// <param name="Tokens">Tokens, in and out together.</param>
/// <param name="Usd">US dollars.</param>
internal sealed record SpawnBudget(int? Steps = null, long? Tokens = null, decimal? Usd = null)
{
    public Budget ToBudget() => new() { Steps = Steps, Tokens = Tokens, Usd = Usd };
}
