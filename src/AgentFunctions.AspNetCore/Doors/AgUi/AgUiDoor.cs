using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>The addresses of AG-UI.</summary>
internal static class AgUiDoor
{
    public static void MapAgUi(this IEndpointRouteBuilder door)
    {
        door.MapPost("/{agent}", RunAsync);
        door.MapPost("/{agent}/connect", ConnectAsync);
        door.MapPost("/{agent}/cancel", CancelAsync);
        door.MapGet("/{agent}/capabilities", static () => TypedResults.Content(
            """
            {"transport":{"streaming":true,"resumable":true},"tools":{"supported":true,"clientProvided":true},
            "state":{"snapshots":true},"multiAgent":{"supported":true,"delegation":true},
            "humanInTheLoop":{"supported":true,"approvals":true,"interrupts":true,"approveWithEdits":true}}
            """,
            "application/json"));
    }

    private static async Task<IResult> RunAsync(
        string agent, HttpContext http, AgUiThreads threads, CancellationToken cancellationToken)
    {
        var input = AgUiInput.Read(await http.Request.ReadJsonBytesAsync(cancellationToken));
        Caller caller = http.Caller() with { Door = new CallerDoor(AgUiThreads.Door, input.RunId) };
        DoorCallers.EnsureMaySubmit(caller);
        using var stream = DoorStream.Open(http);
        IReadOnlyList<Exchange> known;
        try
        {
            known = await threads.MakeAsync(agent, input, caller, cancellationToken);
        }
        catch (AgentException e) when (AgUiErrors.IsTold(e.Code))
        {
            return Refuse(http, input, e);
        }

        Exchange made = known[^1];
        await stream.WriteAsync(made.RunId, token => TellAsync(http, known, made.From, caller, null, false, token));
        return TypedResults.Empty;
    }

    /// <summary>Tells all of a thread, or what comes after a cursor.</summary>
    private static async Task<IResult> ConnectAsync(
        string agent, HttpContext http, AgUiThreads threads, CancellationToken cancellationToken)
    {
        var body = await http.Request.ReadJsonBytesAsync(cancellationToken);
        string threadId = AgUiInput.ReadThread(body);
        Caller caller = http.Caller() with { Door = new CallerDoor(AgUiThreads.Door, threadId) };
        if (await threads.FindAsync(agent, threadId, caller, cancellationToken) is not { } run)
        {
            return TypedResults.Content(
                Write(new JsonObject { ["type"] = "RUN_STARTED", ["threadId"] = threadId, ["runId"] = "none" })
                + Write(new JsonObject { ["type"] = "RUN_FINISHED", ["threadId"] = threadId, ["runId"] = "none" }),
                "text/event-stream");
        }

        using var stream = DoorStream.Open(http);
        var cursor = Cursor.Read(http.Request.Headers.Single("Last-Event-ID"));
        IReadOnlyList<Exchange> known = await threads.ExchangesAsync(run, cancellationToken);
        await stream.WriteAsync(run.Id, token => TellAsync(http, known, cursor?.From ?? 0, caller, cursor, true, token));
        return TypedResults.Empty;
    }

    private static async Task<IResult> CancelAsync(
        string agent, HttpContext http, AgUiThreads threads, RunSteering steering, CancellationToken cancellationToken)
    {
        string threadId = AgUiInput.ReadThread(await http.Request.ReadJsonBytesAsync(cancellationToken));
        Caller caller = http.Caller() with { Door = new CallerDoor(AgUiThreads.Door, threadId) };
        Run run = await threads.FindAsync(agent, threadId, caller, cancellationToken)
            ?? throw new AgentException(ErrorCode.RunNotFound, $"There is no thread '{threadId}'.");
        if (!run.IsEnded)
        {
            await steering.CancelAsync(run.Id, caller, "cancelled by the client of its thread", null, cancellationToken);
        }

        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    private static async IAsyncEnumerable<DoorEvent> TellAsync(
        HttpContext http, IReadOnlyList<Exchange> known, long from, Caller caller, Cursor? after, bool isConnect,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RunProjection projection = http.RequestServices.GetRequiredService<RunProjection>();
        RunReader reader = http.RequestServices.GetRequiredService<RunReader>();
        RunStands stands = http.RequestServices.GetRequiredService<RunStands>();
        AgUiSubAgentTexts texts = http.RequestServices.GetRequiredService<AgUiSubAgentTexts>();
        AgUiVoices voices = http.RequestServices.GetRequiredService<AgUiVoices>();
        JsonArray dialogue = [];
        foreach (Exchange exchange in known.Where(one => one.From >= from))
        {
            Run run = await reader.GetAsync(exchange.RunId, cancellationToken);
            // Told from its beginning, it comes to its present status by its events.
            bool isPart = after?.From == exchange.From;
            dialogue = AgUiThreads.Joined(dialogue, AgUiThreads.MessagesOf(exchange, known));
            var fold = new AgUiFold(
                AgUiThreads.Text(exchange, "threadId"), AgUiThreads.Text(exchange, "runId"), run.Id, dialogue, () => run.Error,
                isPart);
            RunStatus status = isPart || run.Status == RunStatus.Queued ? run.Status : RunStatus.Running;
            foreach (JsonObject told in fold.Begin(status, isConnect && !isPart && exchange != known[0]))
            {
                // Without a cursor: a client that comes back takes no event before its run has begun again.
                yield return EventOf(told);
            }

            if (isConnect && after is null && exchange == known[0])
            {
                // A client that comes back may know another dialogue.
                yield return EventOf(fold.Snapshot());
            }

            bool tellsAgents = AgUiThreads.TellsSubAgents(exchange);
            IAsyncEnumerable<RunFrame> frames = projection.TellAsync(exchange, caller, static _ => true, true, cancellationToken);
            await foreach (RunFrame frame in tellsAgents ? voices.AddAsync(run.Id, frames, cancellationToken) : frames)
            {
                run = frame is ExchangeEnded ? await stands.EndedAsync(exchange.RunId, cancellationToken) : run;
                long number = frame.Number;
                IReadOnlyList<(string Id, string Text)> said = tellsAgents && frame is CallEnded call
                    ? await texts.OfAsync(run.Id, call, cancellationToken)
                    : [];
                bool isAfter = !isPart || number > after!.Number;
                foreach (JsonObject told in isAfter || number < 0 ? fold.Before(frame, said) : [])
                {
                    yield return EventOf(told);
                }

                foreach (JsonObject told in fold.Take(frame, said))
                {
                    if (number < 0)
                    {
                        yield return EventOf(told);
                        continue;
                    }

                    if (told != AgUiSubAgents.Told && (!isPart || number > after!.Number))
                    {
                        yield return EventOf(told, $"{exchange.From}:{number}");
                    }

                    number++;
                }
            }
        }
    }

    private static DoorEvent EventOf(JsonObject told, string? cursor = null) => new(
        Encoding.UTF8.GetBytes(Write(told, cursor)), (string?)told["type"] is "TEXT_MESSAGE_CONTENT" or "TEXT_MESSAGE_CHUNK");

    private static IResult Refuse(HttpContext http, AgUiInput input, AgentException e)
    {
        Redactor redactor = http.RequestServices.GetRequiredService<Redactor>();
        return TypedResults.Content(
            Write(new JsonObject { ["type"] = "RUN_STARTED", ["threadId"] = input.ThreadId, ["runId"] = input.RunId })
            + Write(AgUiFold.Error(CamelCase.Of(e.Code), redactor.Redact(e.Message)!)),
            "text/event-stream");
    }

    private static string Write(JsonObject told, string? cursor = null)
    {
        if (cursor is null)
        {
            return $"data: {told.ToJsonString(JsonSerializerOptions.Web)}\n\n";
        }

        told["metadata"] = new JsonObject { ["agentfunctions"] = new JsonObject { ["cursor"] = cursor } };
        return $"id: {cursor}\ndata: {told.ToJsonString(JsonSerializerOptions.Web)}\n\n";
    }

    /// <summary>How far a client has come.</summary>
    private sealed record Cursor(long From, long Number)
    {
        public static Cursor? Read(string? text) => text?.Split(':') is [var from, var number]
            && long.TryParse(from, out long position) && long.TryParse(number, out long last)
                ? new Cursor(position, last)
                : null;
    }
}
