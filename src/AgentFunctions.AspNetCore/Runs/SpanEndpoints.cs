using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What took a run's time.</summary>
internal static class SpanEndpoints
{
    private const int MaxSpans = 10_000;

    public static void MapSpans(this IEndpointRouteBuilder runs)
    {
        runs.MapGet("/{id}/spans", SpansAsync)
            .WithName("listRunSpans")
            .WithSummary("Get what took a run's time: model calls, tool calls, waiting for people and for the next attempt.")
            .WithQuery("from", "Only what ended at this time (ISO 8601) or later.")
            .WithQuery("to", "Only what began at this time (ISO 8601) or earlier.")
            .WithQuery("max", "The most spans; more are answered as 200 equal parts of the time. 2,000 by default.", 1, MaxSpans)
            .Produces<SpanListResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);
        runs.MapGet("/{id}/critical-path", CriticalPathAsync)
            .WithName("getCriticalPath")
            .WithSummary("Get what a run's time went for, and the spans that its end waited for.")
            .Produces<CriticalPathResource>()
            .ProducesProblems(401, 403, 404, 410, 503);
    }

    private static async Task<IResult> SpansAsync(
        string id, HttpContext http, RunReader reader, RunSpans spans, CancellationToken cancellationToken)
    {
        IQueryCollection query = http.Request.Query;
        DateTimeOffset? from = query.Time("from");
        DateTimeOffset? to = query.Time("to");
        int max = query.Number("max", 2_000, 1, MaxSpans);
        if (from >= to)
        {
            throw new AgentException(ErrorCode.InvalidInput, "from: use a time before to.");
        }

        await reader.GetAsync(id, cancellationToken);
        return Answers.Json(SpanListResource.Of(await spans.GetAsync(id, cancellationToken), from, to, max));
    }

    private static async Task<IResult> CriticalPathAsync(string id, RunReader reader, RunSpans spans,
        CancellationToken cancellationToken)
    {
        await reader.GetAsync(id, cancellationToken);
        return Answers.Json(CriticalPathResource.Of(await spans.GetAsync(id, cancellationToken)));
    }
}
