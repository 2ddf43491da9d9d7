using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>
/// Represents the tools of this host by name: its own, which never change, and those of its <see cref="IToolSource"/>s, which
/// may.
/// </summary>
public sealed class ToolCatalog
{
    private readonly Dictionary<string, AgentTool> _byName = new(StringComparer.Ordinal);
    private readonly IToolSource[] _sources;

    /// <summary>Makes a catalog.</summary>
    /// <param name="tools">The host's own tools.</param>
    /// <param name="sources">Where further tools come from.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: two tools have one name.</exception>
    public ToolCatalog(IEnumerable<AgentTool> tools, IEnumerable<IToolSource>? sources = null)
    {
        ArgumentNullException.ThrowIfNull(tools);
        foreach (AgentTool tool in tools)
        {
            if (!_byName.TryAdd(tool.Name, tool))
            {
                throw Twice(tool.Name);
            }
        }

        Tools = [.. _byName.Values.OrderBy(static t => t.Name, StringComparer.Ordinal)];
        _sources = [.. sources ?? []];
    }

    /// <summary>Gets the host's own tools in ordinal order of their names.</summary>
    public IReadOnlyList<AgentTool> Tools { get; }

    /// <summary>Gets the tools that an agent gets at present, in ordinal order of their names.</summary>
    /// <remarks>
    /// A name that is disallowed but unknown is an error as well, since a slip there would allow a tool. The capitalised names
    /// of Claude Code's tools that have no counterpart here are the exception, and so are the tools of servers, which may be
    /// gone when they are disallowed.
    /// </remarks>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolNotFound"/>: the definition names a tool that the host has not; the message lists those it has.
    /// <see cref="ErrorCode.ToolUnavailable"/>: the definition names a tool whose server cannot be reached.
    /// <see cref="ErrorCode.InvalidInput"/>: two sources have a tool of one name.
    /// </exception>
    public async Task<IReadOnlyList<AgentTool>> SelectAsync(AgentDefinition agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        var all = new SortedDictionary<string, AgentTool>(_byName, StringComparer.Ordinal);
        foreach (IToolSource source in _sources)
        {
            foreach (AgentTool tool in await source.ListAsync(agent, cancellationToken).ConfigureAwait(false))
            {
                if (!all.TryAdd(tool.Name, tool))
                {
                    throw Twice(tool.Name);
                }
            }
        }

        EnsureKnownDenials(agent, all);
        return agent.Tools?.FirstOrDefault(name => !IsKnown(all, name)) is { } unknown
            ? throw Unknown(agent, unknown, all)
            : Selected(agent, all.Values);
    }

    /// <summary>
    /// Selects the tools that an agent gets at present, in ordinal order of their names. Tools that are unavailable are left out
    /// with a note, and those that may come later are named, so that one fault does not affect the others.
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="patience">How long to wait for servers that are not there yet.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolNotFound"/>: the definition disallows a tool that the host has not, which may be a slip that
    /// would allow another.
    /// </exception>
    public async Task<ToolOffer> ChooseAsync(AgentDefinition agent, TimeSpan patience,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        var all = new SortedDictionary<string, AgentTool>(_byName, StringComparer.Ordinal);
        var notes = new List<string>();
        var missing = new List<MissingTools>();
        ToolOffer[] offers = await Task.WhenAll(
            _sources.Select(source => source.OfferAsync(agent, patience, cancellationToken))).ConfigureAwait(false);
        foreach (ToolOffer offer in offers)
        {
            notes.AddRange(offer.Notes);
            missing.AddRange(offer.Missing);
            notes.AddRange(offer.Tools.Where(tool => !all.TryAdd(tool.Name, tool))
                .Select(static tool => $"tools: two tools are called '{tool.Name}'; the second one is left out."));
        }

        EnsureKnownDenials(agent, all);
        string[] unknown = [.. (agent.Tools
            ?? []).Where(name => !IsKnown(all, name) && !missing.Any(group => ToolNames.IsOf(group.Group, name)))];
        return new ToolOffer(Selected(agent, all.Values))
        {
            Missing = missing,
            Unknown = unknown,
            Notes = [.. notes, .. unknown.Select(NoTool)],
        };
    }

    /// <summary>Finds the present tool of a name; <see langword="null"/> if the agent no longer has one.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: its server cannot be reached at present.
    /// </exception>
    public async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        AgentTool? found = _byName.GetValueOrDefault(name);
        for (int i = 0; i < _sources.Length && found is null; i++)
        {
            found = await _sources[i].FindAsync(agent, name, cancellationToken).ConfigureAwait(false);
        }

        return found is not null && (found.IsForSearch ? !Denies(agent, found) : Allows(agent, found))
            ? CommandRestriction.Of(agent, WithEffectOf(agent, found))
            : null;
    }

    /// <summary>
    /// Gets the names of an agent's tools without asking any source, which may have to start a server: those of the host, and
    /// those that the definition names beyond them.
    /// </summary>
    /// <param name="agent">The agent.</param>
    public IReadOnlyList<string> NamesOf(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return
        [
            .. Tools.Where(tool => Allows(agent, tool)).Select(static tool => tool.Name)
                .Concat(Others(agent).Where(name => _sources.Length > 0 && ToolNames.IsOfSource(name)))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Gets notes on what an agent names and this host lacks, without asking any source.</summary>
    /// <param name="agent">The agent.</param>
    public IReadOnlyList<string> NotesOf(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return [.. Others(agent).Where(name => _sources.Length == 0 || !ToolNames.IsOfSource(name)).Select(NoTool)];
    }

    private IEnumerable<string> Others(AgentDefinition agent) =>
        agent.Tools?.Where(entry => !Tools.Any(tool => ToolNames.Matches(entry, tool))) ?? [];

    private static string NoTool(string name) => $"tools: this host has no tool '{name}'; it is left out.";

    private static AgentTool[] Selected(AgentDefinition agent, IEnumerable<AgentTool> all) =>
        [.. all.Where(tool => Allows(agent, tool)).Select(tool => CommandRestriction.Of(agent, WithEffectOf(agent, tool)))];

    private static bool IsKnown(SortedDictionary<string, AgentTool> all, string entry) =>
        all.ContainsKey(entry) || all.Values.Any(tool => ToolNames.Matches(entry, tool));

    private static void EnsureKnownDenials(AgentDefinition agent, SortedDictionary<string, AgentTool> all)
    {
        string? unknown = agent.DisallowedTools.FirstOrDefault(name => !IsKnown(all, name)
            && !ClaudeCodeTools.LooksForeign(name) && !ToolNames.IsOfSource(name) && !CommandRestriction.IsPattern(name));
        if (unknown is not null)
        {
            throw Unknown(agent, unknown, all);
        }
    }

    private static AgentException Unknown(AgentDefinition agent, string name, SortedDictionary<string, AgentTool> all)
    {
        string known = all.Count == 0 ? "it has none." : $"it has: {string.Join(", ", all.Keys)}.";
        return new AgentException(ErrorCode.ToolNotFound,
            $"agent '{agent.Name}': tools: this host has no tool '{name}'; {known}");
    }

    private static bool Allows(AgentDefinition agent, AgentTool tool) =>
        !tool.IsForSearch && (tool.IsDelegation || (agent.Tools?.Any(entry => ToolNames.Matches(entry, tool)) ?? !tool.IsOptIn))
        && !Denies(agent, tool);

    private static bool Denies(AgentDefinition agent, AgentTool tool) =>
        agent.DisallowedTools.Any(entry => !CommandRestriction.IsPattern(entry) && ToolNames.Matches(entry, tool));

    /// <summary>
    /// The agent's own word on a tool's effect goes before its word on the tool's group, and both before the tool's.
    /// </summary>
    private static AgentTool WithEffectOf(AgentDefinition agent, AgentTool tool)
    {
        if (agent.Effects.Count == 0)
        {
            return tool;
        }

        foreach ((string entry, ToolEffect effect) in agent.Effects.OrderByDescending(entry => entry.Key == tool.Name))
        {
            if (ToolNames.Matches(entry, tool))
            {
                return tool.WithEffect(effect);
            }
        }

        return tool;
    }

    private static AgentException Twice(string name) =>
        new(ErrorCode.InvalidInput, $"tools: two tools are called '{name}'; rename or remove one of them.");
}
