using System.Xml;
using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.Tools;

namespace AgentFunctions.AspNetCore.Agents;

/// <summary>Shows agents as the API does.</summary>
internal sealed class AgentResources(IModelCatalog models, ToolCatalog tools)
{
    public AgentResource Of(AgentDefinition agent)
    {
        ModelBinding? model = Known(() => models.Resolve(agent.Model));
        return new AgentResource(
            agent.Name,
            agent.Description,
            model?.Name,
            model?.Profile.IsRehearsal ?? false,
            tools.NamesOf(agent),
            new AgentLimitsResource(
                agent.Limits.MaxTurns,
                agent.Limits.MaxTokens,
                agent.Limits.MaxDuration is { } duration ? XmlConvert.ToString(duration) : null));
    }

    /// <summary>An agent that this host cannot run is still listed: a submission then says what is missing.</summary>
    private static T? Known<T>(Func<T> find)
        where T : class
    {
        try
        {
            return find();
        }
        catch (AgentException e) when (e.Code is ErrorCode.ModelNotFound)
        {
            return null;
        }
    }
}
