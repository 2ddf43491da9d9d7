using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Policies;

/// <summary>What policies tell the host's log. Event ids 2000 to 2099, with the rest of governance.</summary>
internal static partial class PolicyLog
{
    [LoggerMessage(2000, LogLevel.Information,
        "No policy is configured: every registered tool may be called without asking. Set Governance:PolicyPath to change that")]
    public static partial void NoPolicy(ILogger logger);

    [LoggerMessage(2004, LogLevel.Information,
        "Policy {Hash} holds. Where no rule matches: the workspace tools and the runtime's own are allowed; other tools: none {None}, idempotent {Idempotent}, notIdempotent {NotIdempotent}. The key 'defaults' of a policy file changes that, for the workspace tools too")]
    public static partial void PolicyHolds(ILogger logger, string hash, PolicyVerdict none, PolicyVerdict idempotent,
        PolicyVerdict notIdempotent);

    [LoggerMessage(2005, LogLevel.Information,
        "Policy {Hash} holds. Where no rule matches, its own defaults hold: none {None}, idempotent {Idempotent}, notIdempotent {NotIdempotent}; the runtime's own tools are never asked about unless a rule names them")]
    public static partial void PolicyWithDefaultsHolds(ILogger logger, string hash, PolicyVerdict none, PolicyVerdict idempotent,
        PolicyVerdict notIdempotent);

    [LoggerMessage(2001, LogLevel.Information, "The policy changed: {Hash} with {Rules} rules holds from now on")]
    public static partial void PolicyReloaded(ILogger logger, string hash, int rules);

    [LoggerMessage(2002, LogLevel.Error, "The changed policy is broken, {Hash} stays in force: {Problem}")]
    public static partial void PolicyBroken(ILogger logger, string hash, string problem);
}
