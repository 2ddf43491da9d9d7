using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Agents;

/// <summary>An agent, with what the policy says of its tools.</summary>
/// <param name="Agent">The agent as in lists.</param>
/// <param name="Tools">
/// Its tools at present, with what the policy would decide about a call without arguments by a run of this caller: a restricting
/// rule is taken to match whatever it asks of the arguments.
/// </param>
/// <param name="Past">What its last runs took, of those that this caller sees.</param>
internal sealed record AgentDetailResource(AgentResource Agent, IReadOnlyList<VerdictResource> Tools, PastRunsResource Past)
{
    /// <summary>The instructions of the agent; null for callers that do not see the runs of others.</summary>
    public string? Instructions { get; init; }

    /// <summary>Whether it hands work to sub-agents, and by which tools.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<Delegation>))]
    public required Delegation Delegation { get; init; }

    /// <summary>The hash of the definition; runs are pinned to it.</summary>
    public required string DefinitionHash { get; init; }

    /// <summary>The JSON schema of the result; null for free text.</summary>
    public JsonElement? OutputSchema { get; init; }

    /// <summary>Whether this caller may submit goals to it, as far as the rules tell without one.</summary>
    public required bool MaySubmit { get; init; }
}
