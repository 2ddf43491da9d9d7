using System.Globalization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The rows that a request asks for.</summary>
/// <param name="Query">The filters.</param>
/// <param name="From">How many rows to leave out.</param>
/// <param name="Limit">The most rows.</param>
internal sealed record RunRowRequest(RunRowQuery Query, int From, int Limit)
{
    private const int MaxPage = 200;
    private const int MaxIds = 200;
    private const int MaxRows = 1_000_000;

    public static RunRowRequest Of(HttpContext http, PersonDesk desk)
    {
        IQueryCollection query = http.Request.Query;
        Caller caller = http.Caller();
        string? requester = query.Text("requester");
        bool seesAll = RunAccessFilter.SeesAll(caller);
        var found = new RunRowQuery
        {
            Statuses = [.. (query.Text("status")?.Split(',') ?? []).Select(StatusOf)],
            Filter = new RunFilter
            {
                Agent = query.Text("agent"),
                Label = query.Text("label"),
                Requester = seesAll ? requester : caller.Id,
                SubAgents = query.Flag("subAgents", false),
            },
            Waiting = query.Text("waiting"),
            WaitsFor = query.Flag("mine", false) ? desk.Mine : null,
            Text = query.Text("q"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            MinUsd = Usd(query),
            Ids = IdsOf(query),
            Order = query.Member<RunRowOrder>("sort") ?? RunRowOrder.Age,
        };
        return new RunRowRequest(found, query.Number("from", 0, 0, MaxRows), query.Number("limit", 50, 1, MaxPage));
    }

    public static RouteHandlerBuilder Describe(RouteHandlerBuilder builder) => builder
        .WithQuery("status", "Only runs of these statuses, separated by commas.")
        .WithQuery("waiting", "Only runs that wait for this kind of thing, such as `approval`.")
        .WithQuery<bool>("mine", "Whether to list only runs that wait for what this caller may decide; false by default.")
        .WithQuery("q", "Only runs with these words in goal, agent, id or a label.")
        .WithQuery("agent", "Only runs of this agent.")
        .WithQuery("label", "Only runs with this label: a name, or name=value.")
        .WithQuery("requester", "Only runs that this caller asked for.")
        .WithQuery("since", "Only runs admitted at this time (ISO 8601) or later.")
        .WithQuery("until", "Only runs admitted at this time (ISO 8601) or earlier.")
        .WithQuery("minUsd", "Only runs that cost at least this much, in US dollars.")
        .WithQuery<bool>("subAgents", "Whether to list sub-agents too; false by default.")
        .WithQuery<RunRowOrder>("sort", "The order: the newest, the most expensive or the last changed first; age by default.")
        .WithQuery("ids", "Only these runs, separated by commas; at most 200.")
        .WithQuery("from", "How many rows to leave out: the `next` of the page before.", 0, MaxRows)
        .WithQuery("limit", "The most rows of the page; 50 by default.", 1, MaxPage);

    private static RunStatus StatusOf(string name) => CamelCase.TryRead(name, out RunStatus status) ? status
        : throw QueryValues.Invalid(
            "status", $"use some of {string.Join(", ", Enum.GetValues<RunStatus>().Select(CamelCase.Of))}, separated by commas");

    private static decimal Usd(IQueryCollection query) => query.Text("minUsd") is not { } text ? 0
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal usd) ? usd
        : throw QueryValues.Invalid("minUsd", "use a number, such as 2.5");

    private static HashSet<string>? IdsOf(IQueryCollection query)
    {
        string[]? ids = query["ids"] is { Count: > 0 } text
            ? text.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries)
            : null;
        return ids?.Length > MaxIds
            ? throw QueryValues.Invalid("ids", $"send at most {MaxIds}")
            : ids?.ToHashSet(StringComparer.Ordinal);
    }
}
