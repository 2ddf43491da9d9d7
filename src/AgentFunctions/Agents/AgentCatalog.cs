using System.Collections.Frozen;

namespace AgentFunctions.Agents;

/// <summary>The agents of this host, by name. Never changes once made, so any thread may read it.</summary>
public sealed class AgentCatalog
{
    private readonly FrozenDictionary<string, AgentDefinition> _byName;

    /// <summary>Makes a catalog.</summary>
    /// <param name="agents">The definitions.</param>
    /// <param name="notes">What was noticed while they were read from files.</param>
    /// <param name="leftOut">The agent files that cannot be used.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a definition is wrong, or two have one name.</exception>
    public AgentCatalog(IEnumerable<AgentDefinition> agents, IEnumerable<AgentFileNote>? notes = null, IEnumerable<LeftOutAgent>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(agents);
        var byName = new Dictionary<string, AgentDefinition>(StringComparer.Ordinal);
        foreach (AgentDefinition agent in agents)
        {
            agent.Validate();
            if (!byName.TryAdd(agent.Name, agent))
            {
                throw new AgentException(ErrorCode.InvalidInput, $"name: two agents are called '{agent.Name}'; rename one of them.");
            }
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
        Agents = [.. byName.Values.OrderBy(static a => a.Name, StringComparer.Ordinal)];
        Notes = notes is null ? [] : [.. notes];
        LeftOut = leftOut is null ? [] : [.. leftOut];
    }

    /// <summary>The agents in ordinal order of their names.</summary>
    public IReadOnlyList<AgentDefinition> Agents { get; }

    /// <summary>What was noticed while agents were read from files; for the host to show.</summary>
    public IReadOnlyList<AgentFileNote> Notes { get; }

    /// <summary>Gets the agent files that cannot be used, each with the reason; for the host to show.</summary>
    public IReadOnlyList<LeftOutAgent> LeftOut { get; }

    /// <summary>Finds an agent.</summary>
    /// <param name="name">Its name; upper and lower case differ.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.AgentNotFound"/>: the message lists the names that exist.</exception>
    public AgentDefinition Resolve(string name)
    {
        if (name is not null && _byName.TryGetValue(name, out AgentDefinition? agent))
        {
            return agent;
        }

        if (LeftOut.FirstOrDefault(one => one.Name == name) is { } broken)
        {
            throw new AgentException(ErrorCode.AgentNotFound, $"agent: '{name}' is left out, since its file cannot be used: {broken.Reason}");
        }

        string known = Agents.Count == 0
            ? "this host has no agents; add one with AddAgent or AddAgentsFrom."
            : $"use one of: {string.Join(", ", Agents.Select(static a => a.Name))}.";
        throw new AgentException(ErrorCode.AgentNotFound, $"agent: there is no agent '{name}'; {known}");
    }
}
