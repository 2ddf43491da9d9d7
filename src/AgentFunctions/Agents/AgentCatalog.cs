using System.Collections.Frozen;

namespace AgentFunctions.Agents;

/// <summary>Represents the agents of this host, by name. It is immutable and safe for concurrent use.</summary>
public sealed class AgentCatalog
{
    private readonly FrozenDictionary<string, AgentDefinition> _byName;

    /// <summary>Makes a catalog.</summary>
    /// <param name="agents">The definitions.</param>
    /// <param name="notes">What was noticed while they were read from files.</param>
    /// <param name="leftOut">The agent files that cannot be used.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a definition is wrong, or two have one name.
    /// </exception>
    public AgentCatalog(IEnumerable<AgentDefinition> agents, IEnumerable<AgentFileNote>? notes = null,
        IEnumerable<LeftOutAgent>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(agents);
        var byName = new Dictionary<string, AgentDefinition>(StringComparer.Ordinal);
        foreach (AgentDefinition agent in agents)
        {
            agent.Validate();
            if (!byName.TryAdd(agent.Name, agent))
            {
                throw new AgentException(ErrorCode.InvalidInput,
                    $"name: two agents are called '{agent.Name}'; rename one of them.");
            }
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
        Agents = [.. byName.Values.OrderBy(static a => a.Name, StringComparer.Ordinal)];
        Notes = notes is null ? [] : [.. notes];
        LeftOut = leftOut is null ? [] : [.. leftOut];
    }

    /// <summary>
    /// Makes the catalog of a host: of agents of one name the one in code counts, else the first that was read.
    /// </summary>
    /// <param name="coded">The agents in code.</param>
    /// <param name="files">The agents in files.</param>
    /// <param name="notes">What was noticed while the files were read.</param>
    /// <param name="leftOut">The files that cannot be used.</param>
    internal static AgentCatalog Of(
        IReadOnlyList<AgentDefinition> coded, IReadOnlyList<AgentFile> files, IEnumerable<AgentFileNote> notes,
        IReadOnlyList<LeftOutAgent> leftOut)
    {
        var taken = coded.GroupBy(static agent => agent.Name, StringComparer.Ordinal)
            .ToDictionary(static agent => agent.Key, static _ => "the host's own code", StringComparer.Ordinal);
        var agents = new List<AgentDefinition>(coded);
        var twice = new List<LeftOutAgent>();
        foreach (AgentFile file in files)
        {
            if (taken.TryAdd(file.Definition.Name, file.Path))
            {
                agents.Add(file.Definition);
            }
            else
            {
                twice.Add(new LeftOutAgent(file.Definition.Name, new AgentFileNote(
                    file.Path, 1, $"name: an agent called '{file.Definition.Name}' is in {taken[file.Definition.Name]} already; rename one of them.")));
            }
        }

        return new AgentCatalog(agents, notes, [.. leftOut, .. twice]);
    }

    /// <summary>Gets the agents in ordinal order of their names.</summary>
    public IReadOnlyList<AgentDefinition> Agents { get; }

    /// <summary>Gets what was noticed while agents were read from files; for the host to show.</summary>
    public IReadOnlyList<AgentFileNote> Notes { get; }

    /// <summary>Gets the agent files that cannot be used, each with the reason; for the host to show.</summary>
    public IReadOnlyList<LeftOutAgent> LeftOut { get; }

    /// <summary>Finds an agent.</summary>
    /// <param name="name">Its name; upper and lower case differ.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.AgentNotFound"/>: the message lists the names that exist.
    /// </exception>
    public AgentDefinition Resolve(string name)
    {
        if (name is not null && _byName.TryGetValue(name, out AgentDefinition? agent))
        {
            return agent;
        }

        if (LeftOut.FirstOrDefault(one => one.Name == name) is { } broken)
        {
            throw new AgentException(ErrorCode.AgentNotFound,
                $"agent: '{name}' is left out, since its file cannot be used: {broken.Reason}");
        }

        string known = Agents.Count == 0
            ? "this host has no agents; add one with AddAgent or AddAgentsFrom."
            : $"use one of: {string.Join(", ", Agents.Select(static a => a.Name))}.";
        throw new AgentException(ErrorCode.AgentNotFound, $"agent: there is no agent '{name}'; {known}");
    }
}
