using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>The addresses of the Agent2Agent protocol, in both of its bindings over HTTP.</summary>
internal static class A2ADoor
{
    private const string Version = "A2A-Version";

    public static void MapA2A(this IEndpointRouteBuilder door)
    {
        door.MapPost("/{agent}", CallAsync);
        door.MapPost("/{agent}/message:send", (string agent, HttpContext http, A2AService service) => RestAsync(
            http, agent, null, async caller => await service.SendAsync(
                agent, A2AMessage.Read(await BodyAsync(http)), caller, http.RequestAborted)));
        door.MapPost("/{agent}/message:stream", (string agent, HttpContext http, A2AService service) => RestStreamAsync(
            http, agent, null, false,
            async caller => await service.TakeAsync(agent, A2AMessage.Read(await BodyAsync(http)), caller, http.RequestAborted)));
        door.MapGet("/{agent}/tasks", (string agent, HttpContext http, A2AService service) => RestAsync(
            http, agent, null, caller => service.ListAsync(agent, QueryOf(http), caller, http.RequestAborted)));
        door.MapGet("/{agent}/tasks/{id}", GetAsync);
        door.MapPost("/{agent}/tasks/{id}", ActAsync);
        door.MapGet("/{agent}/extendedAgentCard", (string agent, HttpContext http) => RestAsync(
            http, agent, null, _ => Task.FromResult(A2ACard.Of(AgentOf(http, agent), http))));
        string[] methods = ["GET", "POST", "DELETE"];
        door.MapMethods("/{agent}/tasks/{id}/pushNotificationConfigs/{config?}", methods, (string agent, string id, HttpContext http, A2AService service) =>
            RestAsync(http, agent, id, async caller =>
            {
                await service.FindAsync(agent, id, caller, RunAct.See, http.RequestAborted);
                throw A2AException.NoPush();
            }));
    }

    /// <summary>Maps the cards, which anybody may read.</summary>
    public static void MapCards(this IEndpointRouteBuilder door)
    {
        door.MapGet("/{agent}/.well-known/agent-card.json", static (string agent, HttpContext http) =>
            A2ACard.Answer(http, AgentOf(http, agent)));
        door.MapGet("", static (HttpContext http, AgentCatalog agents) => Json(new JsonObject
        {
            ["agents"] = new JsonArray([.. agents.Agents.Select(agent => A2ACard.Of(agent, http))]),
        }));
    }

    /// <summary>The text after the colon is the verb: a route's parameter takes both.</summary>
    private static Task<IResult> GetAsync(string agent, string id, HttpContext http, A2AService service)
    {
        if (id.EndsWith(":subscribe", StringComparison.Ordinal))
        {
            return ActAsync(agent, id, http, service);
        }

        return RestAsync(http, agent, id, caller => service.GetAsync(
            agent, id, A2AMessage.NumberOf(QueryOf(http), "historyLength"), caller, http.RequestAborted));
    }

    private static Task<IResult> ActAsync(string agent, string id, HttpContext http, A2AService service)
    {
        string[] parts = id.Split(':');
        return parts switch
        {
            [var task, "cancel"] => RestAsync(http, agent, task, caller => service.CancelAsync(agent, task, caller, http.RequestAborted)),
            [var task, "subscribe"] => RestStreamAsync(
                http, agent, task, true, caller => SubscribeAsync(service, agent, task, caller, http.RequestAborted)),
            _ => Task.FromResult(RestError(http, A2AException.NotFound(id))),
        };
    }

    private static async Task<string> SubscribeAsync(
        A2AService service, string agent, string id, Caller caller, CancellationToken cancellationToken)
    {
        RunStand stand = await service.FindAsync(agent, id, caller, RunAct.See, cancellationToken);
        return stand.Run.IsEnded
            ? throw A2AException.Unsupported($"Task '{id}' has ended; get it instead.")
            : id;
    }

    private static async Task<IResult> CallAsync(string agent, HttpContext http, A2AService service)
    {
        JsonNode? id = null;
        string? task = null;
        try
        {
            JsonObject request = await BodyAsync(http);
            id = request["id"]?.DeepClone();
            string method = A2AMessage.TextOf(request, "method")
                ?? throw new A2AException(-32600, "INVALID_REQUEST", StatusCodes.Status400BadRequest, "method: name a method.");
            JsonObject parameters = request["params"] as JsonObject ?? [];
            task = A2AMessage.TextOf(parameters, "id") ?? A2AMessage.TextOf(parameters, "taskId");
            Caller caller = CallerOf(http, agent, task);
            CancellationToken aborted = http.RequestAborted;
            string? streamed = method switch
            {
                "SendStreamingMessage" => await service.TakeAsync(agent, A2AMessage.Read(parameters), caller, aborted),
                "SubscribeToTask" => await SubscribeAsync(service, agent, Need(task), caller, aborted),
                _ => null,
            };
            if (streamed is not null)
            {
                await StreamAsync(http, streamed, caller, method == "SubscribeToTask", told => Envelope(id, told));
                return TypedResults.Empty;
            }

            return Json(Envelope(id, method switch
            {
                "SendMessage" => await service.SendAsync(agent, A2AMessage.Read(parameters), caller, aborted),
                "GetTask" => await service.GetAsync(
                    agent, Need(task), A2AMessage.NumberOf(parameters, "historyLength"), caller, aborted),
                "ListTasks" => await service.ListAsync(agent, parameters, caller, aborted),
                "CancelTask" => await service.CancelAsync(agent, Need(task), caller, aborted),
                "GetExtendedAgentCard" => A2ACard.Of(AgentOf(http, agent), http),
                "CreateTaskPushNotificationConfig" or "GetTaskPushNotificationConfig" or "ListTaskPushNotificationConfigs"
                    or "DeleteTaskPushNotificationConfig" => await NoPushAsync(service, agent, Need(task), caller, aborted),
                _ => throw new A2AException(
                    -32601, "METHOD_NOT_FOUND", StatusCodes.Status404NotFound, $"There is no method '{method}'."),
            }));
        }
        catch (A2AException e)
        {
            return Error(e);
        }
        catch (AgentException e)
        {
            return Error(A2AException.Of(e, task));
        }

        IResult Error(A2AException e) => Json(new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["error"] = new JsonObject
            {
                ["code"] = e.Code,
                ["message"] = Redact(http, e.Message),
                ["data"] = e.Details(),
            },
        });
    }

    private static async Task<JsonObject> NoPushAsync(
        A2AService service, string agent, string task, Caller caller, CancellationToken cancellationToken)
    {
        await service.FindAsync(agent, task, caller, RunAct.See, cancellationToken);
        throw A2AException.NoPush();
    }

    private static string Need(string? task) => task ?? throw A2AException.Invalid("id: name the task.");

    private static JsonObject Envelope(JsonNode? id, JsonObject result) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id?.DeepClone(),
        ["result"] = result,
    };

    private static async Task<IResult> RestAsync(
        HttpContext http, string agent, string? task, Func<Caller, Task<JsonObject>> act)
    {
        try
        {
            return Json(await act(CallerOf(http, agent, task)));
        }
        catch (A2AException e)
        {
            return RestError(http, e);
        }
        catch (AgentException e)
        {
            return RestError(http, A2AException.Of(e, task));
        }
    }

    private static async Task<IResult> RestStreamAsync(
        HttpContext http, string agent, string? task, bool isSubscription, Func<Caller, Task<string>> begin)
    {
        Caller caller;
        string id;
        try
        {
            caller = CallerOf(http, agent, task);
            id = await begin(caller);
        }
        catch (A2AException e)
        {
            return RestError(http, e);
        }
        catch (AgentException e)
        {
            return RestError(http, A2AException.Of(e, task));
        }

        await StreamAsync(http, id, caller, isSubscription, static told => told);
        return TypedResults.Empty;
    }

    private static Task StreamAsync(
        HttpContext http, string id, Caller caller, bool isSubscription, Func<JsonObject, JsonObject> wrap)
    {
        TaskStream stream = http.RequestServices.GetRequiredService<TaskStream>();
        return DoorStream.WriteAsync(http, id, cancellationToken => stream.TellAsync(id, caller, isSubscription, cancellationToken)
            .Select(told => Encoding.UTF8.GetBytes($"data: {wrap(told).ToJsonString()}\n\n")));
    }

    private static IResult RestError(HttpContext http, A2AException e) => TypedResults.Content(
        new JsonObject
        {
            ["error"] = new JsonObject
            {
                ["code"] = e.Status,
                ["status"] = e.StatusName,
                ["message"] = Redact(http, e.Message),
                ["details"] = e.Details(),
            },
        }.ToJsonString(),
        "application/json", statusCode: e.Status);

    private static string? Redact(HttpContext http, string message) =>
        http.RequestServices.GetRequiredService<Redactor>().Redact(message);

    private static IResult Json(JsonObject value) => TypedResults.Content(value.ToJsonString(), "application/json");

    /// <summary>Gets who calls; a request without a version is one of 0.3, which this host does not speak.</summary>
    private static Caller CallerOf(HttpContext http, string agent, string? request)
    {
        string version = http.Request.Headers[Version].ToString();
        if (version != "1" && !version.StartsWith("1.", StringComparison.Ordinal))
        {
            throw new A2AException(
                -32009, "VERSION_NOT_SUPPORTED", StatusCodes.Status400BadRequest,
                $"{Version}: this host speaks 1.0; without the header a request is one of 0.3.");
        }

        _ = AgentOf(http, agent);
        return http.Caller() with { Door = new CallerDoor(A2AService.Door, request) };
    }

    private static AgentDefinition AgentOf(HttpContext http, string name) =>
        http.RequestServices.GetRequiredService<AgentCatalog>().Agents.FirstOrDefault(agent => agent.Name == name) is { } found
        && (http.Features.Get<Caller>() is not { } caller || http.RequestServices.GetRequiredService<AgentGateway>().MayAsk(caller, name))
            ? found
            : throw new ProblemException(StatusCodes.Status404NotFound, "agentNotFound", $"There is no agent '{name}'.");

    private static async Task<JsonObject> BodyAsync(HttpContext http)
    {
        ReadOnlyMemory<byte> body = await http.Request.ReadJsonBytesAsync(http.RequestAborted);
        try
        {
            return JsonNode.Parse(body.Span, null, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false })
                as JsonObject ?? throw A2AException.Invalid("body: send a JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new A2AException(-32700, "PARSE_ERROR", StatusCodes.Status400BadRequest, "body: not valid JSON.");
        }
    }

    /// <summary>The query as the other binding sends it.</summary>
    private static JsonObject QueryOf(HttpContext http)
    {
        var query = new JsonObject();
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in http.Request.Query)
        {
            query[name] = int.TryParse(value, out int number) ? number
                : bool.TryParse(value, out bool flag) ? flag : (JsonNode?)value.ToString();
        }

        return query;
    }
}
