using System.Globalization;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.Swarm;

/// <summary>What must hold for the arguments of calls that concern sub-agents.</summary>
internal static class SwarmArguments
{
    public static void RequireText(string text, string field, int most)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > most)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{field}: use 1 to {most} characters.");
        }
    }

    /// <summary>The call, for a tool that only the loop can serve.</summary>
    public static SwarmCall Require(ToolContext context) => context.Features.Get<SwarmCall>()
        ?? throw new AgentException(
            ErrorCode.SwarmBoundReached,
            "No sub-agent can be started from here: none may be at work beside this one. Do the work yourself.");

    /// <summary>A budget in words.</summary>
    public static string Words(Budget budget) => string.Join(
        ", ",
        new[]
        {
            budget.Steps is { } steps ? string.Create(CultureInfo.InvariantCulture, $"{steps} steps") : null,
            budget.Tokens is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"{tokens} tokens") : null,
            budget.Usd is { } usd ? string.Create(CultureInfo.InvariantCulture, $"{usd:0.######} US dollars") : null,
        }.OfType<string>());

    /// <summary>Finds an agent of this host; the complaint lists those that there are, with what they are good for.</summary>
    public static AgentDefinition Find(AgentCatalog agents, string name, string field) =>
        agents.Agents.FirstOrDefault(agent => agent.Name == name)
        ?? throw new AgentException(
            ErrorCode.SubAgentNotFound,
            $"{field}: there is no agent '{name}'; use one of: {string.Join("; ", agents.Agents.Select(static agent => $"{agent.Name} ({agent.Description})"))}.");
}
