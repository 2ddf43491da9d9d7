using System.Text.Json.Serialization;
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
    DateTime At, string? Key, int Runs, int SubAgents, int Live, int Failed, int Steps, long Input, long Output, long Cached,
    decimal Usd)
{
    /// <summary>How long people took to decide and answer; left out where they did neither.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswersResource? People { get; init; }

    public static UsageResource Of(RunUsageRow row) => new(
        row.At.UtcDateTime, row.Key, row.Runs, row.SubAgents, row.Live, row.Failed, row.Steps, row.Usage.InputTokens,
        row.Usage.OutputTokens,
        row.Usage.CachedTokens, row.Usage.Usd)
    {
        People = row.AnswerMedian is { } median ? new AnswersResource(row.Answers, (long)median.TotalMilliseconds) : null,
    };
}

/// <summary>How long people took.</summary>
/// <param name="N">How many approvals and questions they decided or answered.</param>
/// <param name="MedianMs">How long the middle one of them took, in milliseconds.</param>
internal sealed record AnswersResource(int N, long MedianMs);
