using System.Collections.Concurrent;
using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Core;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mcp;

/// <summary>
/// The tool servers of this process: those of the host's configuration and those that agents bring along. Each is started
/// when it is first needed, shared by all runs, and stopped with the host.
/// </summary>
/// <remarks>
/// They are stopped when the host's services are disposed, which is after the engine has stopped: a server that goes before
/// the runs that use it would look to them like one that died during a call.
/// </remarks>
internal sealed class McpServers : IAsyncDisposable, IDisposable
{
    private readonly VariableText _variables;
    private readonly McpHttp _http;
    private readonly ILogger<McpServers> _logger;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, McpServer> _ofHost = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<McpServer>> _ofAgents = new(StringComparer.Ordinal);

    public McpServers(
        IEnumerable<McpConfiguration> configurations, McpHttp http, ILogger<McpServers> logger, TimeProvider time,
        VariableText variables)
    {
        (_http, _logger, _time) = (http, logger, time);
        _variables = variables;
        foreach (McpConfiguration one in configurations)
        {
            foreach (McpServerDefinition server in one.Servers)
            {
                Add(server);
                if (server.Disabled)
                {
                    McpLog.Disabled(logger, server.Name, server.Origin);
                }
            }

            foreach (string note in one.Notes)
            {
                McpLog.Noted(logger, note);
            }
        }
    }

    /// <summary>The servers that an agent may use.</summary>
    /// <param name="agent">The agent.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the agent names a server that the host has not.
    /// </exception>
    public IReadOnlyList<McpServer> Of(AgentDefinition agent)
    {
        if (agent.McpServers is null)
        {
            return [.. _ofHost.Values];
        }

        var known = new List<McpServer>();
        foreach (AgentMcpServer server in agent.McpServers)
        {
            Add(server.Definition is null ? Named(agent, server.Name) : Own(agent, server), known);
        }

        return known;
    }

    /// <summary>
    /// The servers that an agent may use, and a note on each that it names and the host has not, or that is defined wrongly.
    /// </summary>
    /// <param name="agent">The agent.</param>
    public (IReadOnlyList<McpServer> Servers, IReadOnlyList<string> Notes) KnownOf(AgentDefinition agent)
    {
        var notes = new List<string>();
        var known = new List<McpServer>();
        foreach (AgentMcpServer? server in agent.McpServers ?? [])
        {
            try
            {
                if (Add(server.Definition is null ? Named(agent, server.Name) : Own(agent, server), known) is { } rival)
                {
                    notes.Add($"agent '{agent.Name}': mcpServers.{server.Name}: {rival} before it; rename one of them. It is left out.");
                }
            }
            catch (AgentException e) when (e.Code == ErrorCode.InvalidInput)
            {
                notes.Add($"{e.Message.TrimEnd('.')}. It is left out.");
            }
        }

        return (agent.McpServers is null ? [.. _ofHost.Values] : known, notes);
    }

    /// <summary>Gets the servers of the host's configuration.</summary>
    public IReadOnlyCollection<McpServer> OfHost => _ofHost.Values;

    /// <summary>Gets what is wrong with servers that runs needed.</summary>
    public IEnumerable<string> Troubles => _ofHost.Values.Concat(_ofAgents.Values.Where(static server => server.IsValueCreated)
        .Select(static server => server.Value)).Select(static server => server.Trouble).OfType<string>();

    public async ValueTask DisposeAsync()
    {
        IEnumerable<McpServer> started = _ofHost.Values.Concat(
            _ofAgents.Values.Where(static server => server.IsValueCreated).Select(static server => server.Value));
        await Task.WhenAll(started.Select(static server => server.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <summary>For containers that are disposed synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Add(McpServerDefinition definition)
    {
        var server = new McpServer(definition, _variables, _http, _logger, _time);
        McpServer? rival = _ofHost.Values.FirstOrDefault(one => ToolNames.Overlap(one.Group, server.Group));
        if (rival is null)
        {
            _ofHost.Add(server.Group, server);
            return;
        }

        McpLog.ServerLeftOut(
            _logger,
            $"{definition.Origin}: mcpServers.{definition.Name}: {McpToolName.FindRival(definition.Name, [rival.Definition])} already "
            + $"({rival.Definition.Origin}); rename one of them.");
    }

    /// <summary>Adds a server to those of an agent; the first of a name counts.</summary>
    /// <returns>Why it is left out, in words; <see langword="null"/> if it is not, or is there already.</returns>
    private static string? Add(McpServer server, List<McpServer> known)
    {
        McpServer? rival = known.Find(one => ToolNames.Overlap(one.Group, server.Group));
        if (rival is null)
        {
            known.Add(server);
        }

        return rival is null || rival.Group == server.Group
            ? null
            : McpToolName.FindRival(server.Definition.Name, [rival.Definition]);
    }

    private McpServer Named(AgentDefinition agent, string name) => _ofHost.GetValueOrDefault(McpToolName.Group(name))
        ?? throw new AgentException(
            ErrorCode.InvalidInput,
            $"agent '{agent.Name}': mcpServers: this host has no tool server '{name}'; "
            + (_ofHost.Count == 0
                ? "it has none."
                : $"it has: {string.Join(", ", _ofHost.Values.Select(static server => server.Definition.Name))}."));

    /// <summary>Agents with the same definition of a server share it, also from one version of an agent to the next.</summary>
    private McpServer Own(AgentDefinition agent, AgentMcpServer server)
    {
        string key = $"{server.Name}\n{CanonicalJson.Hash(server.Definition!.Value)}";
        return _ofAgents.GetOrAdd(key, _ => new Lazy<McpServer>(() => new McpServer(
            new McpServerReader($"agent '{agent.Name}'", server.Name, []).Read(server.Definition.Value), _variables, _http,
            _logger, _time))).Value;
    }
}
