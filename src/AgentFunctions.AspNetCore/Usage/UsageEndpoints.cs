using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Usage;

/// <summary>What runs used.</summary>
internal static class UsageEndpoints
{
    private const int MaxRows = 10_000;

    public static void MapUsage(this IEndpointRouteBuilder api) => api.MapGet("/usage", GetAsync)
        .WithTags("Usage")
        .WithName("getUsage")
        .WithSummary("Sum up what runs used by day or hour, and by agent, model, caller or label.")
        .WithDescription(
            "All that a run used counts for the time at which it was admitted, also while it is alive, so that `since` and `until` of a list "
            + "show the same runs. Sub-agents count with what they used themselves. A caller that sees its own runs alone gets those. `people` says "
            + "how long people took to decide and answer what the runs asked.")
        .WithQuery("from", "Only runs admitted at this time (ISO 8601) or later.")
        .WithQuery("to", "Only runs admitted before this time (ISO 8601).")
        .WithQuery<UsageBucket>("bucket",
            "The length of the time that is summed up; day by default. With `all`, one row for each key.")
        .WithQuery("by", "What is summed up by beside the time: `agent`, `model`, `caller` or `label:NAME`; nothing by default.")
        .WithQuery("agent", "Only runs of this agent.")
        .WithQuery("label", "Only runs with this label: a name, or name=value.")
        .Produces<UsageListResource>()
        .ProducesProblems(400, 401, 403, 503);

    private static async Task<IResult> GetAsync(HttpContext http, RunUsages usages, AnswerTimes times,
        CancellationToken cancellationToken)
    {
        IQueryCollection query = http.Request.Query;
        Caller caller = http.Caller();
        (UsageKey by, string? label) = KeyOf(query.Text("by"));
        var wanted = new RunUsageQuery
        {
            Filter = new RunFilter
            {
                Agent = query.Text("agent"),
                Label = query.Text("label"),
                Requester = RunAccessFilter.SeesAll(caller) ? null : caller.Id,
            },
            From = query.Time("from"),
            To = query.Time("to"),
            Bucket = query.Member<UsageBucket>("bucket") ?? UsageBucket.Day,
            By = by,
            Label = label,
        };
        if (wanted.From >= wanted.To)
        {
            throw new AgentException(ErrorCode.InvalidInput, "from: use a time before to.");
        }

        ILookup<string, TimeSpan> answers = await times.ByRunAsync(wanted.From, cancellationToken);
        IReadOnlyList<RunUsageRow> rows = await usages.SumAsync(wanted, answers, cancellationToken);
        return rows.Count <= MaxRows
            ? Answers.Json(new UsageListResource([.. rows.Select(UsageResource.Of)]))
            : throw new AgentException(
                ErrorCode.InvalidInput, $"from: these are more than {MaxRows:N0} rows; use a shorter time, or sum up by day.");
    }

    private static (UsageKey By, string? Label) KeyOf(string? text) => text switch
    {
        null => (UsageKey.None, null),
        "agent" => (UsageKey.Agent, null),
        "model" => (UsageKey.Model, null),
        "caller" => (UsageKey.Caller, null),
        _ when text.StartsWith("label:", StringComparison.Ordinal) && text.Length > "label:".Length =>
            (UsageKey.Label, text["label:".Length..]),
        _ => throw QueryValues.Invalid("by", "use agent, model, caller or label:NAME"),
    };
}
