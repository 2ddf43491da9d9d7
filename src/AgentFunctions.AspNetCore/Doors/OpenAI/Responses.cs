using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Reads and cancels responses: each is an exchange of a run.</summary>
internal sealed class Responses(
    ExchangeStore exchanges, RunProjection projection, RunReader reader, RunAccess access, RunSteering steering, RunStands stands,
    Journal journal)
{
    /// <summary>The name of the door.</summary>
    public const string Door = "openai";

    /// <summary>Finds a response that a caller may see.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="act">What the caller wants to do.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="OpenAIException">There is none.</exception>
    public async Task<Exchange> FindAsync(string id, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        (string runId, long from) = ResponseId.Read(id);
        await EnsureAsync(caller, id, runId, act, cancellationToken);
        return await exchanges.FindAsync(runId, from, cancellationToken) is { Door: Door } exchange
            ? exchange
            : throw OpenAIException.NotFound(id);
    }

    /// <summary>Finds the last response of a run that a caller may go on with.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="OpenAIException">There is none.</exception>
    public async Task<Exchange> LastAsync(string runId, Caller caller, CancellationToken cancellationToken)
    {
        (string id, _) = ResponseId.Read(ResponseId.Of(runId, 0));
        await EnsureAsync(caller, ResponseId.Of(runId, 0), id, RunAct.Steer, cancellationToken);
        return await exchanges.OfAsync(id, Door, cancellationToken) is [.., var last]
            ? last
            : throw OpenAIException.NotFound(ResponseId.Of(runId, 0));
    }

    /// <summary>Lists runs, the newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<Page<Run>> RunsAsync(RunFilter filter, int most, CancellationToken cancellationToken) =>
        reader.ListPageAsync(filter, most, cancellationToken);

    /// <summary>Gets the item of what the user said; <see langword="null"/> for nothing.</summary>
    public static JsonObject? InputOf(Exchange exchange) =>
        exchange.Request is { } kept && kept.GetProperty("words").GetString() is { Length: > 0 } words
            ? new JsonObject
            {
                ["id"] = $"msg_{exchange.RunId}_in_{exchange.From}",
                ["type"] = "message",
                ["role"] = "user",
                ["status"] = "completed",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "input_text", ["text"] = words }),
            }
            : null;

    /// <summary>Gets a response as it is now.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<JsonObject> ViewAsync(Exchange exchange, Caller caller, CancellationToken cancellationToken)
    {
        ResponseFold fold = await FoldAsync(exchange, cancellationToken);
        await foreach (RunFrame frame in projection.TellAsync(exchange, caller, Carries, false, cancellationToken))
        {
            await EndAsync(fold, frame, exchange, cancellationToken);
            fold.Take(frame);
        }

        return fold.Response;
    }

    /// <summary>Waits for the end of a response, for as long as the settings say.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who waits.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<JsonObject> WaitAsync(Exchange exchange, Caller caller, CancellationToken cancellationToken)
    {
        ResponseFold fold = await FoldAsync(exchange, cancellationToken);
        await projection.WaitAsync(
            exchange, caller, Carries,
            async frame =>
            {
                await EndAsync(fold, frame, exchange, cancellationToken);
                fold.Take(frame);
            },
            cancellationToken);
        return fold.Response;
    }

    /// <summary>Tells the events of a response, until its end.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who is told.</param>
    /// <param name="after">Only events after this number; -1 for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async IAsyncEnumerable<DoorEvent> StreamAsync(
        Exchange exchange, Caller caller, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ResponseFold fold = await FoldAsync(exchange, cancellationToken);
        foreach (JsonObject told in fold.Begin())
        {
            if (NumberOf(told) > after)
            {
                yield return Write(told);
            }
        }

        await foreach (RunFrame frame in projection.TellAsync(exchange, caller, Carries, true, cancellationToken))
        {
            await EndAsync(fold, frame, exchange, cancellationToken);
            foreach (JsonObject told in fold.Take(frame))
            {
                if (NumberOf(told) > after)
                {
                    yield return Write(told);
                }
            }
        }
    }

    /// <summary>Ensures that a response can be streamed.</summary>
    /// <exception cref="OpenAIException">Its run is too long for numbers that clients can hold.</exception>
    public async Task EnsureStreamsAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        if (await journal.LengthAsync(exchange.RunId, cancellationToken) > StreamNumbers.MostPositions)
        {
            throw OpenAIException.Invalid("stream", "this response is too long to be streamed; get it without stream.");
        }
    }

    /// <summary>Asks the run of a response to end; one that has ended is left as it is.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<JsonObject> CancelAsync(Exchange exchange, Caller caller, CancellationToken cancellationToken)
    {
        if (exchange.To is null)
        {
            try
            {
                await steering.CancelAsync(
                    exchange.RunId, caller, "cancelled by the client of its response", null, cancellationToken);
            }
            catch (AgentException e) when (e.Code == ErrorCode.RunStateForbids)
            {
                // It has ended already, which is what the client wants.
            }

            await stands.WaitBrieflyForEndAsync(exchange.RunId, cancellationToken);
        }

        return await ViewAsync(exchange, caller, cancellationToken);
    }

    /// <summary>
    /// Deletes a response: it can be found no more by this door. The run is kept for as long as its retention says.
    /// </summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task DeleteAsync(Exchange exchange, CancellationToken cancellationToken) =>
        exchanges.DeleteAsync(exchange, cancellationToken);

    /// <summary>Whether this door can carry a question: there are items for approvals, but none for forms.</summary>
    /// <param name="open">The question.</param>
    public static bool Carries(OpenQuestion open) => open.Approval is not null;

    /// <summary>Ensures that a caller may do something: a response of another is one that there is not, in the same words.</summary>
    private async Task EnsureAsync(
        Caller caller, string id, string runId, RunAct act, CancellationToken cancellationToken)
    {
        try
        {
            await access.EnsureAsync(caller, runId, act, cancellationToken);
        }
        catch (AgentException e) when (e.Code == ErrorCode.RunNotFound)
        {
            throw OpenAIException.NotFound(id);
        }
    }

    /// <summary>Reads why a run has failed, once it has.</summary>
    private async Task EndAsync(ResponseFold fold, RunFrame frame, Exchange exchange, CancellationToken cancellationToken)
    {
        if (frame is ExchangeEnded { Event.Code: not ("completed" or "cancelled") })
        {
            fold.Error = (await stands.EndedAsync(exchange.RunId, cancellationToken)).Error;
        }
    }

    private async Task<ResponseFold> FoldAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(exchange.RunId, cancellationToken);
        JsonObject request = exchange.Request is { } given ? (JsonObject)JsonNode.Parse(given.GetRawText())! : [];
        var head = new JsonObject
        {
            ["id"] = ResponseId.Of(exchange.RunId, exchange.From),
            ["object"] = "response",
            ["created_at"] = exchange.At.ToUnixTimeSeconds(),
            ["status"] = run.Status == RunStatus.Queued ? "queued" : "in_progress",
            ["error"] = null,
            ["incomplete_details"] = null,
            ["instructions"] = null,
            ["max_output_tokens"] = null,
            ["model"] = run.Agent,
            ["output"] = new JsonArray(),
            ["parallel_tool_calls"] = true,
            ["previous_response_id"] = null,
            ["reasoning"] = new JsonObject { ["effort"] = null, ["summary"] = null },
            ["store"] = true,
            ["temperature"] = 1,
            ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
            ["tool_choice"] = "auto",
            ["tools"] = new JsonArray(),
            ["top_p"] = 1,
            ["truncation"] = "disabled",
            ["usage"] = null,
            ["metadata"] = new JsonObject(),
        };
        foreach ((string name, JsonNode? value) in request["echo"] as JsonObject ?? [])
        {
            head[name] = value?.DeepClone();
        }

        return new ResponseFold(head, exchange.RunId);
    }

    private static long NumberOf(JsonObject told) => told["sequence_number"]!.GetValue<long>();

    private static DoorEvent Write(JsonObject told) => new(
        Encoding.UTF8.GetBytes($"event: {told["type"]}\ndata: {told.ToJsonString(OpenAIJson.Options)}\n\n"),
        (string?)told["type"] == ResponseFold.TextDelta);
}
