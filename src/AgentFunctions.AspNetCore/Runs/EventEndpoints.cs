using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Follow what happens in a run.</summary>
internal static class EventEndpoints
{
    private const int MaxPage = 10_000;
    private const int DefaultPage = 500;
    private const string LastEventId = "Last-Event-ID";

    public static void MapEvents(this IEndpointRouteBuilder runs) =>
        runs.MapGet("/{id}/events", GetAsync)
            .WithName("followRun")
            .WithSummary("Follow the events of a run.")
            .WithDescription(
                "Server-sent events: `id` is the event's position, `event` its type, `data` the event as JSON. The stream closes when "
                + "the run has ended; a client that comes back after the last event then gets 204, at which browsers stop to ask. "
                + "A host may close it before (Api:StreamLifetime): come back with Last-Event-ID. "
                + "With follow=false: what there is, as a JSON array. "
                + "With live=true there come, beside these events and without an `id`, `model.started`, `model.snapshot`, `model.delta`, "
                + "`model.reset`, `run.state`, `tool.progress`, `tree.patch` and `stream.ends`: what goes on before it is recorded. "
                + "They may be missed; what is recorded stands in their place. Programs ignore types that they do not know.")
            .WithHeader(LastEventId, "The position of the last event that was received; the stream continues after it.")
            .WithQuery("after", "The same for clients that cannot set headers; the header goes first.", 0, long.MaxValue - 1)
            .WithQuery<bool>("follow", "Whether to wait for what is to come; true by default.")
            .WithQuery("tail", "With follow=false: only the last events, this many.", 1, MaxPage)
            .WithQuery("before", "With follow=false: only events before this position, the last `limit` of them.", 0,
                long.MaxValue - 1)
            .WithQuery("limit", "With follow=false: the most events; all by default, with before 500.", 1, MaxPage)
            .WithQuery("types", "With follow=false: only events of these types, separated by commas.")
            .WithQuery<bool>("live", "Whether to show what models and tools say while they are at work; false by default.")
            .Produces<IReadOnlyList<EventResource>>(200, "application/json")
            .ProducesAlso<string>("200", EventStream.MediaType)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(400, 401, 403, 404, 503);

    private static async Task<IResult> GetAsync(
        string id, HttpRequest request, RunReader reader, Journal journal, CancellationToken cancellationToken)
    {
        string? last = request.Headers.Single(LastEventId);
        // A browser that reconnects repeats the address it began with, so what it says in the header is newer.
        long from = last is { Length: > 0 }
            ? QueryValues.Position(last, LastEventId) + 1
            : (request.Query.Position("after") ?? -1) + 1;
        bool follow = request.Query.Flag("follow", true);
        Run run = await reader.GetAsync(id, cancellationToken);
        if (!follow)
        {
            return Answers.Json<IReadOnlyList<EventResource>>(await ReadPageAsync(journal, id, from, request.Query,
                cancellationToken));
        }

        if (HttpMethods.IsHead(request.Method))
        {
            return TypedResults.Empty;
        }

        bool isOver = run.IsEnded && last is not null && await ReadAsync(journal, id, from, 1, cancellationToken) is [];
        return isOver ? TypedResults.NoContent()
            : request.Query.Flag("live", false) ? EventStream.Live(id, from, isResumed: last is { Length: > 0 })
            : EventStream.Of(id, from);
    }

    private static async Task<List<EventResource>> ReadPageAsync(
        Journal journal, string id, long from, IQueryCollection query, CancellationToken cancellationToken)
    {
        long? before = query.Position("before");
        int? tail = query.Number("tail", 1, MaxPage);
        int? limit = query.Number("limit", 1, MaxPage);
        string[] types = query.Text("types")?.Split(',') ?? [];
        if (before is not null || tail is not null)
        {
            long end = Math.Min(before ?? long.MaxValue, await journal.LengthAsync(id, cancellationToken));
            from = Math.Max(from, end - (tail ?? limit ?? DefaultPage));
            limit = (int)Math.Max(0, Math.Min(end - from, MaxPage));
        }

        List<EventResource> read = limit == 0 ? [] : await ReadAsync(journal, id, from, limit, cancellationToken);
        return types.Length == 0 ? read : [.. read.Where(one => types.Contains(one.Type, StringComparer.Ordinal))];
    }

    private static async Task<List<EventResource>> ReadAsync(
        Journal journal, string id, long from, int? maxCount, CancellationToken cancellationToken)
    {
        var events = new List<EventResource>();
        await foreach ((long position, JournalEvent e) in journal.ReadAsync(id, from, maxCount, cancellationToken))
        {
            events.Add(EventResource.Of(position, e));
        }

        return events;
    }
}
