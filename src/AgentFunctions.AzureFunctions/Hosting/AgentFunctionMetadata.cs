using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AzureFunctions.Triggers;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// Adds a function for each agent that is offered as one: the trigger of the API once more, under the agent's name and on the
/// address of its runs. The portal lists it and counts its calls.
/// </summary>
/// <param name="catalog">The agents of the app.</param>
/// <param name="offers">Which of them are offered.</param>
internal sealed class AgentFunctionMetadata(AgentCatalog catalog,
    IEnumerable<OfferedAgents> offers) : IFunctionMetadataTransformer
{
    private const string Prefix = "agent-";

    public string Name => nameof(AgentFunctionMetadata);

    public void Transform(IList<IFunctionMetadata> original)
    {
        IFunctionMetadata api = original.Single(static function => function.Name == ApiTrigger.Name);
        foreach (string agent in Offered().Distinct(StringComparer.Ordinal))
        {
            original.Add(new DefaultFunctionMetadata
            {
                Name = Prefix + agent,
                ScriptFile = api.ScriptFile,
                EntryPoint = api.EntryPoint,
                Language = api.Language,
                RawBindings = [.. (api.RawBindings ?? []).Select(binding => Bind(binding, agent))],
            });
        }
    }

    /// <summary>Names the agents; one that the app does not have is an error at its start.</summary>
    private IEnumerable<string> Offered() => offers.SelectMany(offer => offer.Names.Count > 0
        ? offer.Names.Select(name => catalog.Resolve(name).Name)
        : catalog.Agents.Select(static agent => agent.Name));

    private static string Bind(string binding, string agent)
    {
        JsonNode node = JsonNode.Parse(binding)!;
        if (string.Equals((string?)node["type"], "httpTrigger", StringComparison.OrdinalIgnoreCase))
        {
            node["route"] = $"api/agents/{agent}/runs";
            node["methods"] = new JsonArray("post");
        }

        return node.ToJsonString();
    }
}

/// <summary>Names agents that are offered as functions; none for all.</summary>
/// <param name="Names">The agents.</param>
internal sealed record OfferedAgents(IReadOnlyList<string> Names);
