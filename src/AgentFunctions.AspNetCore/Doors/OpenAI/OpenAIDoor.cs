using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.OpenAI.DevUi;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>The addresses of OpenAI's API.</summary>
internal static class OpenAIDoor
{
    public static void MapResponses(this IEndpointRouteBuilder door)
    {
        door.MapPost("/responses", CreateAsync);
        door.MapGet("/responses/{id}", GetAsync);
        door.MapDelete("/responses/{id}", DeleteAsync);
        door.MapPost("/responses/{id}/cancel", CancelAsync);
        door.MapGet("/responses/{id}/input_items", ListInputAsync);
        door.MapPost(
            "/chat/completions",
            static (HttpContext http, ChatCompletions chat, CancellationToken cancellationToken) =>
                chat.CreateAsync(http, cancellationToken));
        door.MapConversations();
        door.MapGet("/models", ListModels);
        door.MapGet("/models/{id}", GetModel);
        door.MapDevUiEntities();
    }

    /// <summary>Gets who calls.</summary>
    public static Caller CallerOf(HttpContext http, string? request) =>
        http.Caller() with { Door = new CallerDoor(Responses.Door, request) };

    /// <summary>Gets the idempotency key of a request, and whether its client says that it has sent it before.</summary>
    public static (string? Key, bool IsRepeated) KeyOf(HttpRequest request)
    {
        string? key = request.Headers.Single("Idempotency-Key");
        string? retries = request.Headers["x-stainless-retry-count"];
        bool isRepeated = int.TryParse(retries, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0;
        return (key is null ? null : $"{Responses.Door}/{key}", isRepeated);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, NewResponses made, Responses responses, CancellationToken cancellationToken)
    {
        (string? key, bool isRepeated) = KeyOf(http.Request);
        Caller caller = CallerOf(http, key);
        DoorCallers.EnsureMaySubmit(caller);
        JsonObject body = await OpenAIJson.ReadAsync(http.Request, cancellationToken);
        ResponsesRequest request = ResponsesRequest.Read(body);
        using DoorStream? stream = request.Streams ? DoorStream.Open(http) : null;
        Exchange exchange = await made.MakeAsync(request, body, caller, key, isRepeated, cancellationToken);
        if (stream is not null)
        {
            await StreamAsync(stream, responses, exchange, caller, -1);
            return TypedResults.Empty;
        }

        return OpenAIJson.Answer(request.IsBackground
            ? await responses.ViewAsync(exchange, caller, cancellationToken)
            : await responses.WaitAsync(exchange, caller, cancellationToken));
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, Responses responses, CancellationToken cancellationToken)
    {
        Caller caller = CallerOf(http, id);
        Exchange exchange = await responses.FindAsync(id, caller, RunAct.See, cancellationToken);
        if (!http.Request.Query.Flag("stream", false))
        {
            return OpenAIJson.Answer(await responses.ViewAsync(exchange, caller, cancellationToken));
        }

        long after = http.Request.Query.Position("starting_after") ?? -1;
        await responses.EnsureStreamsAsync(exchange, cancellationToken);
        using var stream = DoorStream.Open(http);
        await StreamAsync(stream, responses, exchange, caller, after);
        return TypedResults.Empty;
    }

    private static Task StreamAsync(DoorStream stream, Responses responses, Exchange exchange, Caller caller, long after) =>
        stream.WriteAsync(
            exchange.RunId, cancellationToken => responses.StreamAsync(exchange, caller, after, cancellationToken));

    private static async Task<IResult> CancelAsync(
        string id, HttpContext http, Responses responses, CancellationToken cancellationToken)
    {
        Caller caller = CallerOf(http, id);
        Exchange exchange = await responses.FindAsync(id, caller, RunAct.Stop, cancellationToken);
        return OpenAIJson.Answer(await responses.CancelAsync(exchange, caller, cancellationToken));
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpContext http, Responses responses, CancellationToken cancellationToken)
    {
        Exchange exchange = await responses.FindAsync(id, CallerOf(http, id), RunAct.Steer, cancellationToken);
        await responses.DeleteAsync(exchange, cancellationToken);
        return OpenAIJson.Answer(new JsonObject { ["id"] = id, ["object"] = "response", ["deleted"] = true });
    }

    private static async Task<IResult> ListInputAsync(
        string id, HttpContext http, Responses responses, CancellationToken cancellationToken)
    {
        Exchange exchange = await responses.FindAsync(id, CallerOf(http, id), RunAct.See, cancellationToken);
        JsonObject? said = Responses.InputOf(exchange);
        string? item = said?["id"]!.ToString();
        return OpenAIJson.Answer(new JsonObject
        {
            ["object"] = "list",
            ["data"] = said is null ? [] : new JsonArray(said),
            ["first_id"] = item,
            ["last_id"] = item,
            ["has_more"] = false,
        });
    }

    private static IResult ListModels(HttpContext http, AgentCatalog agents, AgentGateway gateway) =>
        OpenAIJson.Answer(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray(
            [
                .. agents.Agents.Where(agent => gateway.MayAsk(http.Caller(), agent.Name))
                    .Select(static agent => ModelOf(agent.Name)),
            ]),
        });

    private static IResult GetModel(string id, HttpContext http, AgentCatalog agents, AgentGateway gateway) =>
        agents.Agents.Any(agent => agent.Name == id) && gateway.MayAsk(http.Caller(), id)
            ? OpenAIJson.Answer(ModelOf(id))
            : throw OpenAIException.Of(new AgentException(ErrorCode.AgentNotFound, $"There is no agent '{id}'."));

    private static JsonObject ModelOf(string agent) => new()
    {
        ["id"] = agent,
        ["object"] = "model",
        ["created"] = 0,
        ["owned_by"] = "agentfunctions",
    };
}
