using System.Text.Json.Serialization;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.AspNetCore.Gateway;

/// <summary>The policy of this host.</summary>
/// <param name="Hash">The hash of everything that its decisions depend on; every recorded decision names it.</param>
/// <param name="Configured">Whether the host has rules of its own.</param>
/// <param name="Broken">The error in the policy files as they are now; null if they are valid.</param>
/// <param name="Rules">The names of the rules, in the order of their evaluation.</param>
/// <param name="Defaults">The verdicts for tools that reach beyond the workspace if no rule matches.</param>
internal sealed record PolicyResource(
    string Hash, bool Configured, string? Broken, IReadOnlyList<string> Rules, PolicyDefaultsResource Defaults)
{
    public static PolicyResource Of(PolicySummary policy) => new(
        policy.Hash, policy.IsConfigured, policy.Broken, policy.Rules,
        new PolicyDefaultsResource(
            policy.Defaults[ToolEffect.None], policy.Defaults[ToolEffect.Idempotent], policy.Defaults[ToolEffect.NotIdempotent]));
}

/// <summary>The verdicts if no rule matches, by the effect of the tool.</summary>
/// <param name="None">For tools without effects.</param>
/// <param name="Idempotent">For tools whose effect can be repeated.</param>
/// <param name="NotIdempotent">For tools whose effect cannot.</param>
internal sealed record PolicyDefaultsResource(PolicyVerdict None, PolicyVerdict Idempotent, PolicyVerdict NotIdempotent);

/// <summary>What the policy would decide about a call.</summary>
internal sealed record VerdictResource
{
    /// <summary>The tool.</summary>
    public required string Tool { get; init; }

    /// <summary>The description of the tool.</summary>
    public required string Description { get; init; }

    /// <summary>What the tool does to the world.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>The verdict.</summary>
    public required PolicyVerdict Verdict { get; init; }

    /// <summary>The rule that gave it; <c>default:…</c> where none matched.</summary>
    public required string Rule { get; init; }

    /// <summary>The reason that the rule gives; left out if it gives none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>How much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>If a person decides: the roles that may.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>If a person decides: how many different people must approve.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Needed { get; init; }

    /// <summary>The hash of the policy.</summary>
    public required string PolicyHash { get; init; }

    public static VerdictResource Of(ToolVerdict verdict) => new()
    {
        Tool = verdict.Tool,
        Description = verdict.Description,
        Effect = verdict.Effect,
        Verdict = verdict.Verdict,
        Rule = verdict.Rule,
        Reason = verdict.Reason,
        Risk = verdict.Risk,
        Roles = verdict.Approval?.Roles,
        Needed = verdict.Approval?.Count,
        PolicyHash = verdict.PolicyHash,
    };
}
