using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Gateway;

/// <summary>The queue of runs.</summary>
/// <param name="Limited">Whether there is any limit; if not, no run waits and none is counted.</param>
/// <param name="Active">The number of runs that have a place.</param>
/// <param name="Waiting">The runs that wait, the first first.</param>
internal sealed record QueueResource(bool Limited, int Active, IReadOnlyList<QueuedRunResource> Waiting)
{
    public static QueueResource Of(QueueLook look) =>
        new(
            look.IsLimited,
            look.Active,
            [.. look.Waiting.Select(static run => new QueuedRunResource(run.Run, run.Priority, run.Since.UtcDateTime))]);
}

/// <summary>A run that waits for a place.</summary>
/// <param name="Run">The run.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Since">When it came (UTC).</param>
internal sealed record QueuedRunResource(
    string Run, [property: JsonConverter(typeof(CamelCaseEnumConverter<RunPriority>))] RunPriority Priority, DateTime Since);

/// <summary>The quotas that hold for a caller.</summary>
/// <param name="Quotas">The quotas.</param>
internal sealed record QuotaListResource(IReadOnlyList<QuotaResource> Quotas);

/// <summary>What was used of a quota in its present window.</summary>
/// <param name="Name">The name of the quota.</param>
/// <param name="Account">On whose account: a caller, or a label with its value.</param>
/// <param name="Used">What was used.</param>
/// <param name="Limit">The limits; a part that is null is not limited.</param>
/// <param name="NextAt">When the next window begins (UTC).</param>
/// <param name="UsedUp">What is used up, in words; null if another run is admitted.</param>
internal sealed record QuotaResource(
    string Name, string Account, QuotaParts Used, QuotaParts Limit, DateTime NextAt, string? UsedUp)
{
    public static QuotaResource Of(QuotaUse use) =>
        new(use.Name, use.Account, use.Used, use.Limit, use.Next.UtcDateTime, use.UsedUp);
}
