using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Mesh;
using AgentFunctions.Mesh.Cards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>The addresses of the Agent2Agent protocol, and its binding to HTTP+JSON: an address for each method.</summary>
internal static class A2ADoor
{
    public static void MapA2A(this IEndpointRouteBuilder door)
    {
        door.MapPost("/{agent}", A2ARpc.CallAsync).WithMetadata(new A2AErrors(isRpc: true));
        door.MapPost("/{agent}/message:send", static (string agent, HttpContext http, A2AService service) => AnswerAsync(
            http, agent, null, async caller => await service.SendAsync(
                agent, A2AMessage.Read(await A2AHttp.BodyAsync(http)), caller, http.RequestAborted)));
        door.MapPost(
            "/{agent}/message:stream",
            static (string agent, HttpContext http, A2AIntake intake, TaskStream stream) => StreamAsync(
                http, agent, null, stream, false, async caller => await intake.TakeAsync(
                    agent, A2AMessage.Read(await A2AHttp.BodyAsync(http)), caller, http.RequestAborted)));
        door.MapGet("/{agent}/tasks", static (string agent, HttpContext http, A2AService service) => AnswerAsync(
            http, agent, null, caller => service.ListAsync(agent, A2AHttp.QueryOf(http), caller, http.RequestAborted)));
        door.MapGet("/{agent}/tasks/{id}", GetAsync);
        door.MapPost("/{agent}/tasks/{id}", ActAsync);
        door.MapGet("/{agent}/extendedAgentCard", static (string agent, HttpContext http) => AnswerAsync(
            http, agent, null, _ => A2ACard.SignedAsync(A2AHttp.AgentOf(http, agent), http)));
        door.MapPush();
    }

    /// <summary>Maps the cards, which anybody may read.</summary>
    public static void MapCards(this IEndpointRouteBuilder door)
    {
        door.MapGet("/{agent}/.well-known/agent-card.json", static (string agent, HttpContext http) =>
            A2ACard.AnswerAsync(http, A2AHttp.AgentOf(http, agent)));
        door.MapGet("", static async (HttpContext http, AgentCatalog agents) => A2AHttp.Json(new JsonObject
        {
            ["agents"] = new JsonArray(await Task.WhenAll(agents.Agents.Select(agent => A2ACard.SignedAsync(agent, http)))),
        }));
    }

    /// <summary>
    /// Maps where other hosts tell what becomes of tasks of theirs that calls wait for. The address itself is the credential.
    /// </summary>
    public static void MapCallbacks(this IEndpointRouteBuilder door) => door.MapPost(
        $"{MeshWaker.Path["/a2a".Length..]}/{{run}}/{{turn:int}}/{{call:int}}/{{secret}}",
        static async (string run, int turn, int call, string secret, HttpContext http, MeshWaker waker) =>
            await waker.WakeAsync(run, turn, call, secret, http.RequestAborted)
                ? Results.NoContent()
                : throw new ProblemException(StatusCodes.Status404NotFound, "notFound",
                    "Nothing waits to be told at this address."));

    /// <summary>Maps what has its place at the root of a host: its card, and the keys of all cards.</summary>
    public static void MapWellKnown(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(A2ACard.Default, static async (HttpContext http, AgentCatalog agents, IOptions<DoorOptions> options) =>
            (options.Value.A2A.Agent ?? (agents.Agents is [var only] ? only.Name : null)) is { } name
                ? await A2ACard.AnswerAsync(http, A2AHttp.AgentOf(http, name))
                : throw new ProblemException(
                    StatusCodes.Status404NotFound, "agentNotFound",
                    "This host has several agents: GET /a2a lists their cards, and Doors:A2A:Agent names the one that is shown here."));
        endpoints.MapGet(A2ACard.KeySet, static async (CardKeys keys, HttpContext http) =>
            Answers.Json(await keys.PublishedAsync(http.RequestAborted)));
    }

    private static void MapPush(this IEndpointRouteBuilder door)
    {
        const string Configs = "/{agent}/tasks/{id}/pushNotificationConfigs";
        door.MapPost(Configs, static (string agent, string id, HttpContext http, PushConfigs push) => AnswerAsync(
            http, agent, id, async caller => await push.CreateAsync(
                agent, id, await A2AHttp.BodyAsync(http), caller, http.RequestAborted)));
        door.MapGet(Configs, static (string agent, string id, HttpContext http, PushConfigs push) => AnswerAsync(
            http, agent, id, caller => push.ListAsync(agent, id, caller, http.RequestAborted)));
        door.MapGet($"{Configs}/{{config}}", static (
            string agent, string id, string config, HttpContext http, PushConfigs push) => AnswerAsync(
            http, agent, id, caller => push.GetAsync(agent, id, config, caller, http.RequestAborted)));
        door.MapDelete($"{Configs}/{{config}}", static (
            string agent, string id, string config, HttpContext http, PushConfigs push) => AnswerAsync(
            http, agent, id, caller => push.DeleteAsync(agent, id, config, caller, http.RequestAborted)));
    }

    /// <summary>The text after the colon is the verb: a route's parameter takes both.</summary>
    private static Task<IResult> GetAsync(string agent, string id, HttpContext http, A2AService service, TaskStream stream) =>
        id.EndsWith(":subscribe", StringComparison.Ordinal)
            ? ActAsync(agent, id, http, service, stream)
            : AnswerAsync(http, agent, id, caller => service.GetAsync(
                agent, id, A2AMessage.NumberOf(A2AHttp.QueryOf(http), "historyLength"), caller, http.RequestAborted));

    private static Task<IResult> ActAsync(string agent, string id, HttpContext http, A2AService service, TaskStream stream) =>
        id.Split(':') switch
        {
            [var task, "cancel"] => AnswerAsync(
                http, agent, task, caller => service.CancelAsync(agent, task, caller, http.RequestAborted)),
            [var task, "subscribe"] => StreamAsync(
                http, agent, task, stream, true, caller => service.SubscribeAsync(agent, task, caller, http.RequestAborted)),
            _ => Task.FromResult(Error(http, A2AException.NotFound(id))),
        };

    private static Task<IResult> AnswerAsync(
        HttpContext http, string agent, string? task, Func<Caller, Task<JsonObject>> act) =>
        TryAsync(http, agent, task, async caller => A2AHttp.Json(await act(caller)));

    private static Task<IResult> StreamAsync(
        HttpContext http, string agent, string? task, TaskStream stream, bool isSubscription, Func<Caller, Task<string>> begin) =>
        TryAsync(http, agent, task, async caller =>
        {
            using var answer = DoorStream.Open(http);
            await stream.WriteAsync(answer, await begin(caller), caller, isSubscription, static told => told);
            return TypedResults.Empty;
        });

    private static async Task<IResult> TryAsync(HttpContext http, string agent, string? task, Func<Caller, Task<IResult>> act)
    {
        try
        {
            return await act(A2AHttp.CallerOf(http, agent, task));
        }
        catch (A2AException e)
        {
            return Error(http, e);
        }
        catch (AgentException e)
        {
            return Error(http, A2AErrors.Of(http, e, task));
        }
    }

    private static IResult Error(HttpContext http, A2AException e)
    {
        A2AErrors.SayWhen(http, e);
        return A2AHttp.Json(A2AErrors.OfRest(e, A2AHttp.MessageOf(http, e)), e.Status);
    }
}
