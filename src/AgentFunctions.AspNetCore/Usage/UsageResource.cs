using AgentFunctions.Views.Runs;

namespace AgentFunctions.AspNetCore.Usage;

/// <summary>What runs used, summed up.</summary>
/// <param name="Rows">The rows by time, then by cost.</param>
internal sealed record UsageListResource(IReadOnlyList<UsageResource> Rows);

/// <summary>What the runs of a time used.</summary>
/// <param name="At">The beginning of the day or hour in which the runs were admitted (UTC).</param>
/// <param name="Key">
/// The agent, model, caller or value of the label; null for runs without one, and where nothing is summed up by.
/// </param>
/// <param name="Runs">The number of runs, without sub-agents.</param>
/// <param name="SubAgents">The number of sub-agents.</param>
/// <param name="Live">How many of both have not ended.</param>
/// <param name="Failed">How many of both failed.</param>
/// <param name="Steps">The model calls and tool calls.</param>
/// <param name="Input">The tokens that were read.</param>
/// <param name="Output">The tokens that were written.</param>
/// <param name="Cached">The tokens that were read from a provider's cache.</param>
/// <param name="Usd">The cost of the model calls in US dollars.</param>
internal sealed record UsageResource(
    DateTime At, string? Key, int Runs, int SubAgents, int Live, int Failed, int Steps, long Input, long Output, long Cached, decimal Usd)
{
    public static UsageResource Of(RunUsageRow row) => new(
        row.At.UtcDateTime, row.Key, row.Runs, row.SubAgents, row.Live, row.Failed, row.Steps, row.Usage.InputTokens, row.Usage.OutputTokens,
        row.Usage.CachedTokens, row.Usage.Usd);
}
