using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A goal for an agent.</summary>
internal sealed record RunSubmission
{
    /// <summary>The agent's name; may be left out where the host has exactly one.</summary>
    public string? Agent { get; init; }

    /// <summary>What is to be reached, in words; at most 32 KiB.</summary>
    [Required]
    public string Goal { get; init; } = null!;

    /// <summary>When the goal counts as reached: words of at most 32 KiB, or an object with what decides.</summary>
    public RunAcceptance? Acceptance { get; init; }

    /// <summary>Further input for the agent: a JSON object of at most 256 KiB.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Labels by name: at most 32, names of at most 64 and values of at most 256 characters.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// The scopes that the run's tokens may carry: at most 64, each of 1 to 128 characters without spaces. They only narrow what
    /// the agent's definition allows; by default all of that.
    /// </summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>How urgent it is; normal by default.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunPriority>))]
    public RunPriority? Priority { get; init; }

    /// <summary>What the run may spend; by default what the agent's definition allows.</summary>
    public BudgetResource? Budget { get; init; }

    /// <summary>Where to post the end of the run: an absolute http or https address.</summary>
    public string? CallbackUrl { get; init; }

    public RunRequest ToRequest() => new()
    {
        Agent = Agent,
        Goal = Goal,
        Acceptance = Acceptance,
        Input = Input,
        Labels = Labels,
        Scopes = Scopes,
        Priority = Priority ?? RunPriority.Normal,
        Budget = Budget?.ToBudget(),
        CallbackUrl = CallbackUrl,
    };
}
