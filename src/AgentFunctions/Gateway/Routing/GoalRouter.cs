using AgentFunctions.Agents;
using AgentFunctions.Gateway.Options;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Routing;

/// <summary>
/// Finds the agent for a goal that names none: by the classes of goals that the host has configured, else by the words that the
/// goal shares with what agents say they are good for. What fits two alike is asked back, never guessed.
/// </summary>
internal sealed class GoalRouter(IOptions<GatewayOptions> options)
{
    /// <summary>How much better than the next the best must fit.</summary>
    private const double Lead = 1.5;

    private readonly GoalClassOptions[] _classes = [.. options.Value.Goals];

    /// <summary>The classes that a goal is of.</summary>
    public IReadOnlyList<string> ClassesOf(string goal) => [.. Matching(goal).Select(static known => known.Class!)];

    /// <summary>Finds the agent.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="agents">Those that may be asked.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: none fits, or several alike; the message lists them.
    /// </exception>
    public Route Find(string goal, IReadOnlyList<AgentDefinition> agents)
    {
        if (agents is [AgentDefinition only])
        {
            return new Route(only, "only-agent");
        }

        (string Class, AgentDefinition Agent)[] named =
        [
            .. Matching(goal).Where(static known => known.Agent is not null)
                .Join(agents, static known => known.Agent, static agent => agent.Name,
                    static (known, agent) => (known.Class!, agent)),
        ];
        if (named.Length > 0)
        {
            return named.Select(static one => one.Agent.Name).Distinct(StringComparer.Ordinal).Count() == 1
                ? new Route(named[0].Agent, $"goal-class:{named[0].Class}")
                : throw Undecided($"the goal is of several classes ({string.Join(", ", named.Select(static one => $"{one.Class}: {one.Agent.Name}"))})", agents);
        }

        return ByDescription(goal, agents);
    }

    private static Route ByDescription(string goal, IReadOnlyList<AgentDefinition> agents)
    {
        IReadOnlySet<string> asked = GoalWords.Stems(goal);
        IReadOnlySet<string>[] offers = [.. agents.Select(static agent => GoalWords.Stems($"{agent.Name} {agent.Description}"))];
        var fits = agents.Select((agent, index) =>
        {
            string[] shared = [.. asked.Where(offers[index].Contains)];
            // A word that every agent uses says little about any of them.
            return (Agent: agent, Shared: shared,
                Score: shared.Sum(word => Math.Log(1 + ((double)agents.Count / offers.Count(offer => offer.Contains(word))))));
        }).OrderByDescending(static fit => fit.Score).ToArray();
        if (fits is not [{ Score: > 0 } best, .. var others])
        {
            throw Undecided("the goal fits no agent's description", agents);
        }

        return others is [] || best.Score >= Lead * others[0].Score
            ? new Route(best.Agent, "description")
            : throw Undecided(
                $"the goal fits several agents ({string.Join("; ", fits.Where(static fit => fit.Score > 0).Take(4).Select(static fit => $"{fit.Agent.Name}: {string.Join(" ", fit.Shared)}"))})",
                agents);
    }

    private static AgentException Undecided(string why, IReadOnlyList<AgentDefinition> agents) => new(
        ErrorCode.InvalidInput, $"agent: {why}; name one of {string.Join(", ", agents.Select(static agent => agent.Name))}.");

    private IEnumerable<GoalClassOptions> Matching(string goal)
    {
        string line = GoalWords.Line(goal);
        return _classes.Where(known => known.Words.Any(words => line.Contains(GoalWords.Line(words), StringComparison.Ordinal)));
    }
}

/// <summary>The agent that was found for a goal.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Rule">What found it; <see langword="null"/> if the caller named it.</param>
internal sealed record Route(AgentDefinition Agent, string? Rule);
