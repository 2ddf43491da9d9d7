using System.Xml;
using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Agents;

/// <summary>Shows agents as the API does.</summary>
internal sealed class AgentResources(IModelCatalog models, ToolCatalog tools, IEnumerable<McpConfiguration> servers,
    IOptions<RunOptions> runs)
{
    public AgentListResource Of(AgentCatalog catalog) => new(
        [.. catalog.Agents.Select(Of)],
        [.. catalog.Notes.Select(static note => note.ToString())],
        [
            .. catalog.LeftOut.Select(static one => new LeftOutResource("agent", one.Name, one.Reason.ToString())),
            .. servers.SelectMany(static one => one.LeftOut)
                .Select(static reason => new LeftOutResource("toolServer", null, reason)),
        ]);

    public AgentResource Of(AgentDefinition agent)
    {
        ModelChoice? choice = Known(() => models.ResolveFor(agent.Model));
        ModelBinding? model = choice?.Model;
        string[] notes = [.. new[] { choice?.Note }.OfType<string>(), .. tools.NotesOf(agent)];
        return new AgentResource(
            agent.Name,
            agent.Description,
            model?.Name,
            model?.Profile.IsRehearsal ?? false,
            tools.NamesOf(agent),
            new AgentLimitsResource(
                agent.Limits.MaxTurns ?? runs.Value.MaxTurns,
                agent.Limits.MaxTokens,
                agent.Limits.MaxDuration is { } duration ? XmlConvert.ToString(duration) : null))
        {
            Notes = notes.Length == 0 ? null : notes,
        };
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
