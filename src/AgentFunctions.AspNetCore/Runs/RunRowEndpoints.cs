using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Runs in rows, what waits for the caller, and both as they change.</summary>
internal static class RunRowEndpoints
{
    public static void MapRunRows(this IEndpointRouteBuilder runs) => RunRowRequest.Describe(runs.MapGet("/rows", ListAsync)
            .WithName("listRunRows")
            .WithSummary("List runs in short rows, with filters, order and counts.")
            .WithDescription("The counts hold for all filters but `status`, `waiting` and `mine`."))
        .Produces<RunRowListResource>()
        .ProducesProblems(400, 401, 403, 503);

    public static void MapWatch(this IEndpointRouteBuilder api)
    {
        api.MapGet("/inbox", InboxAsync)
            .WithTags("Session")
            .WithName("getInbox")
            .WithSummary("What waits for this caller.")
            .Produces<InboxResource>()
            .ProducesProblems(401, 403, 503);
        RunRowRequest.Describe(api.MapGet("/watch", WatchAsync)
            .WithTags("Runs")
            .WithName("watch")
            .WithSummary("Follow a list of runs and what waits for this caller.")
            .WithDescription(
                "Server-sent events without ids: `run.changed` (a row), `run.gone` (`{\"id\"}`), `counts` (counts and total), `inbox`. All that there is comes "
                + "first, then what changes; `stream.ends` says why and when to come back.")
            .WithQuery("topic", "`runs` for the list with its filters and the inbox, `inbox` for the inbox alone; runs by default."))
            .Produces<string>(200, EventStream.MediaType)
            .ProducesProblems(400, 401, 403, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, RunRows rows, CancellationToken cancellationToken)
    {
        PersonDesk desk = await PersonDesk.OfAsync(http, cancellationToken);
        RunRowRequest request = RunRowRequest.Of(http, desk);
        RunRowPage page = await rows.ListAsync(request.Query, desk.Mine, request.From, request.Limit, cancellationToken);
        return Answers.Json(RunRowListResource.Of(page, desk.Mine, desk.Tools));
    }

    private static async Task<IResult> InboxAsync(HttpContext http, CancellationToken cancellationToken) =>
        Answers.Json((await PersonDesk.OfAsync(http, cancellationToken)).Inbox);

    private static async Task<IResult> WatchAsync(HttpContext http, WatchLooks looks, CancellationToken cancellationToken)
    {
        bool isInboxAlone = http.Request.Query.Text("topic") switch
        {
            null or "runs" => false,
            "inbox" => true,
            _ => throw new AgentException(ErrorCode.InvalidInput, "topic: use runs or inbox."),
        };
        // What is wrong with the filters is told before the stream begins.
        RunRowRequest.Of(http, await looks.DeskAsync(http, cancellationToken));
        return HttpMethods.IsHead(http.Request.Method)
            ? TypedResults.Empty
            : EventStream.Watch(new WatchFeed(http, isInboxAlone));
    }
}
