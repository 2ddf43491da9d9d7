using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Agents;
using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>Represents an agent whose turns are steps as a whole: one tool, which a driver calls for each message.</summary>
/// <param name="agent">Makes the agent, once.</param>
/// <param name="effect">What a turn does to the world.</param>
/// <param name="options">What its team said about it.</param>
internal sealed class OpaqueAgent(Func<IServiceProvider, AIAgent> agent, ToolEffect effect, OpaqueAgentOptions options)
{
    private readonly Lock _gate = new();
    private OpaquePlan? _plan;

    /// <summary>Gets the agent as it was planned.</summary>
    public OpaquePlan Of(IServiceProvider services)
    {
        lock (_gate)
        {
            return _plan ??= Plan(agent(services));
        }
    }

    private OpaquePlan Plan(AIAgent agent)
    {
        string name = AgentPlanner.NameOf(agent, options.Name, "AddOpaqueAgent");
        var definition = new AgentDefinition
        {
            Name = name,
            Description = agent.Description ?? "",
            Instructions = $"Each message is a turn of the agent '{name}'.",
            Model = AgentPlan.ModelOf(name),
            Tools = [AgentPlan.GroupOf(name)],
            Framing = PromptFraming.Chat,
            CallsInOrder = true,
            Limits = options.Limits,
        };
        definition.Validate();
        return new OpaquePlan(agent, definition, effect, options);
    }
}

/// <summary>An opaque agent as it was planned.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Definition">What its runs are pinned to.</param>
/// <param name="Effect">What a turn does to the world.</param>
/// <param name="Options">What its team said about it.</param>
internal sealed record OpaquePlan(AIAgent Agent, AgentDefinition Definition, ToolEffect Effect, OpaqueAgentOptions Options)
{
    /// <summary>Gets the name of the tool that is a turn.</summary>
    public string Tool => $"turn__{Definition.Name}";

    /// <summary>Gets the name of the tool that lets it make calls which a person has approved.</summary>
    public string ApprovedTool => $"approved__{Definition.Name}";

    /// <summary>Gets the name of the tool that tells it of calls which a person has rejected.</summary>
    public string RejectedTool => $"rejected__{Definition.Name}";
}
