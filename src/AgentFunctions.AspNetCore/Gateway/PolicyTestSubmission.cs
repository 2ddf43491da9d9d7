using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using AgentFunctions.Gateway.Previews;

namespace AgentFunctions.AspNetCore.Gateway;

/// <summary>A call to evaluate the policy for.</summary>
internal sealed record PolicyTestSubmission
{
    /// <summary>The agent.</summary>
    [Required]
    public string? Agent { get; init; }

    /// <summary>The tool.</summary>
    [Required]
    public string? Tool { get; init; }

    /// <summary>The arguments, a JSON object; none by default.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>The goal of the run; empty by default.</summary>
    public string? Goal { get; init; }

    /// <summary>The labels of the run.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>The id of the requester of the run; by default this caller, with its roles.</summary>
    public string? Requester { get; init; }

    /// <summary>The roles of the requester, if one is named.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    public PolicyTestRequest ToRequest(Caller caller)
    {
        if (Labels?.Values.Any(static value => value is null) == true)
        {
            throw new AgentException(ErrorCode.InvalidInput, "labels: a value is null; leave the label out.");
        }

        return new(
            Agent ?? throw new AgentException(ErrorCode.InvalidInput, "agent: name the agent."),
            Tool ?? throw new AgentException(ErrorCode.InvalidInput, "tool: name the tool."))
        {
            Arguments = Arguments,
            Goal = Goal ?? "",
            Labels = Labels ?? [],
            Requester = Requester ?? caller.Id,
            Roles = Requester is null ? caller.Roles : Roles ?? [],
        };
    }
}
