using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Monitors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Monitors;

/// <summary>Make, change, hold and show monitors.</summary>
internal static class MonitorEndpoints
{
    private const int MaxTicks = 1_000;

    public static void MapMonitors(this IEndpointRouteBuilder monitors)
    {
        monitors.MapGet("", ListAsync)
            .WithName("listMonitors")
            .WithSummary("List monitors.")
            .Produces<MonitorListResource>()
            .ProducesProblems(401, 403, 503);
        monitors.MapGet("/{name}", GetAsync)
            .WithName("getMonitor")
            .WithSummary("Get a monitor: its definition, totals, signals and notes.")
            .Produces<MonitorView>()
            .ProducesProblems(401, 403, 404, 503);
        monitors.MapPut("/{name}", PutAsync)
            .WithName("putMonitor")
            .WithSummary("Make a monitor, or change the one of that name.")
            .WithDescription("It looks from now on. What it remembers stays. Durations are ISO 8601, or a number with s, m, h or d.")
            .Accepts<MonitorDefinition>("application/json")
            .Produces<MonitorView>()
            .Produces<MonitorView>(StatusCodes.Status201Created)
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
        monitors.MapDelete("/{name}", DeleteAsync)
            .WithName("deleteMonitor")
            .WithSummary("Delete a monitor with what it remembers.")
            .WithDescription("Its incidents and its runs stay.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(401, 403, 404, 503);
        monitors.MapGet("/{name}/ticks", ListTicksAsync)
            .WithName("listTicks")
            .WithSummary("List the latest ticks of a monitor, newest first.")
            .WithQuery("limit", "The most ticks; 100 by default.", 1, MaxTicks)
            .Produces<TickListResource>()
            .ProducesProblems(400, 401, 403, 404, 503);
        monitors.MapGet("/{name}/signals/{signal}/series", SeriesAsync)
            .WithName("getSeries")
            .WithSummary("Get the values that a signal had at the latest ticks, oldest first.")
            .WithQuery("from", "Only ticks that ran at this time (ISO 8601) or later.")
            .WithQuery("limit", "The most ticks that are looked at; 1,000 by default.", 1, MaxTicks)
            .Produces<SeriesResource>()
            .ProducesProblems(400, 401, 403, 404, 503);
        monitors.MapPost("/{name}/run", RunAsync)
            .WithName("runMonitor")
            .WithSummary("Ask for a tick now, besides those by schedule.")
            .Produces<TickResource>(StatusCodes.Status202Accepted)
            .ProducesProblems(401, 403, 404, 503);
        monitors.MapPost("/{name}/pause", PauseAsync)
            .WithName("pauseMonitor")
            .WithSummary("Hold a monitor; no tick is made up for.")
            .Produces<MonitorView>()
            .ProducesProblems(401, 403, 404, 409, 503);
        monitors.MapPost("/{name}/resume", ResumeAsync)
            .WithName("resumeMonitor")
            .WithSummary("Let a paused monitor look again.")
            .Produces<MonitorView>()
            .ProducesProblems(401, 403, 404, 409, 503);
    }

    internal static IResult Json<T>(T value, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(value, MonitorJson.Options, "application/json", status);

    private static async Task<IResult> ListAsync(HttpContext http, MonitorService service, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        return Json(new MonitorListResource(await service.ListAsync(cancellationToken).ToListAsync(cancellationToken)));
    }

    private static async Task<IResult> GetAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        return Json(await service.GetAsync(name, cancellationToken));
    }

    private static async Task<IResult> PutAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Operator);
        ReadOnlyMemory<byte> body = await http.Request.ReadJsonBytesAsync(cancellationToken);
        MonitorDefinition definition = MonitorReader.ParseJson(body.Span, name);
        (MonitorView monitor, bool isNew) = await service.PutAsync(definition, caller.Id, cancellationToken);
        return Json(monitor, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> DeleteAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken)
    {
        await service.DeleteAsync(name, http.Ensure(CallerRoles.Operator).Id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ListTicksAsync(
        string name, HttpContext http, MonitorService service, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        int limit = http.Request.Query.Number("limit", 100, 1, MaxTicks);
        return Json(new TickListResource(await service.GetHistoryAsync(name, limit, cancellationToken)));
    }

    private static async Task<IResult> SeriesAsync(
        string name, string signal, HttpContext http, MonitorService service, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        IQueryCollection query = http.Request.Query;
        int limit = query.Number("limit", MaxTicks, 1, MaxTicks);
        return Json(new SeriesResource(
            await service.FindSeriesAsync(name, signal, query.Time("from"), limit, cancellationToken)
            ?? throw new ProblemException(StatusCodes.Status404NotFound, "signalNotFound",
                $"Monitor '{name}' has no such signal.")));
    }

    private static async Task<IResult> RunAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken)
    {
        string tick = await service.RunNowAsync(name, http.Ensure(CallerRoles.Operator).Id, cancellationToken);
        return Answers.Json(new TickResource(tick), StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PauseAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken) =>
        Json(await service.PauseAsync(name, http.Ensure(CallerRoles.Operator).Id, cancellationToken));

    private static async Task<IResult> ResumeAsync(string name, HttpContext http, MonitorService service,
        CancellationToken cancellationToken) =>
        Json(await service.ResumeAsync(name, http.Ensure(CallerRoles.Operator).Id, cancellationToken));
}
