using AgentFunctions.Agents;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.Notifications;
using AgentFunctions.Tools;

namespace AgentFunctions.Monitors;

/// <summary>What must hold for a monitor on its host: its agents, tools and channels are there.</summary>
internal sealed class MonitorHostRules(NotificationSender notifications, AgentCatalog agents, ToolCatalog tools)
{
    /// <summary>Checks a monitor.</summary>
    /// <exception cref="AgentException">The message names the field.</exception>
    public async Task CheckAsync(MonitorDefinition monitor, CancellationToken cancellationToken)
    {
        foreach (string agent in new[] { monitor.Agent, monitor.Response?.Agent }.OfType<string>())
        {
            agents.Resolve(agent);
        }

        foreach (string tool in monitor.Signals.Select(signal => signal.Tool?.Name).OfType<string>())
        {
            MonitorDefinitionRules.Require(
                tools.Tools.Any(known => known.Name == tool && known.Effect == ToolEffect.None),
                "signals.tool.name", $"this host has no tool '{tool}' without effects");
        }

        foreach (string channel in monitor.Escalation.SelectMany(step => step.Notify))
        {
            MonitorDefinitionRules.Require(
                notifications.Knows(channel),
                "escalation.notify", $"this host has no channel '{channel}'; it has {string.Join(", ", notifications.Names)}");
        }

        if (monitor.Response is { } response)
        {
            AgentDefinition responder = agents.Resolve((response.Agent ?? monitor.Agent)!);
            IReadOnlyList<AgentTool> own = await tools.SelectAsync(responder, cancellationToken).ConfigureAwait(false);
            foreach (string action in Runbook.Parse(response.Runbook).Actions)
            {
                MonitorDefinitionRules.Require(
                    own.Any(tool => tool.Name == action), "response.runbook",
                    $"the responder has no tool '{action}' that its actions name");
            }
        }
    }
}
