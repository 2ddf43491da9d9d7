using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>The binding of the Agent2Agent protocol to JSON-RPC: one address for all methods.</summary>
internal static class A2ARpc
{
    public static async Task<IResult> CallAsync(string agent, HttpContext http, A2AService service, TaskStream stream)
    {
        JsonNode? id = null;
        string? task = null;
        try
        {
            JsonObject request = await A2AHttp.BodyAsync(http);
            id = request["id"]?.DeepClone();
            string method = A2AMessage.TextOf(request, "method")
                ?? throw new A2AException(-32600, "INVALID_REQUEST", StatusCodes.Status400BadRequest, "method: name a method.");
            JsonObject parameters = request["params"] as JsonObject ?? [];
            task = A2AMessage.TextOf(parameters, "id") ?? A2AMessage.TextOf(parameters, "taskId");
            Caller caller = A2AHttp.CallerOf(http, agent, task);
            CancellationToken aborted = http.RequestAborted;
            string? streamed = method switch
            {
                "SendStreamingMessage" => await service.TakeAsync(agent, A2AMessage.Read(parameters), caller, aborted),
                "SubscribeToTask" => await service.SubscribeAsync(agent, Need(task), caller, aborted),
                _ => null,
            };
            if (streamed is not null)
            {
                await stream.WriteAsync(http, streamed, caller, method == "SubscribeToTask", told => Result(id, told));
                return TypedResults.Empty;
            }

            return A2AHttp.Json(Result(id, method switch
            {
                "SendMessage" => await service.SendAsync(agent, A2AMessage.Read(parameters), caller, aborted),
                "GetTask" => await service.GetAsync(
                    agent, Need(task), A2AMessage.NumberOf(parameters, "historyLength"), caller, aborted),
                "ListTasks" => await service.ListAsync(agent, parameters, caller, aborted),
                "CancelTask" => await service.CancelAsync(agent, Need(task), caller, aborted),
                "GetExtendedAgentCard" => A2ACard.Of(A2AHttp.AgentOf(http, agent), http),
                "CreateTaskPushNotificationConfig" or "GetTaskPushNotificationConfig" or "ListTaskPushNotificationConfigs"
                    or "DeleteTaskPushNotificationConfig" => await service.RefusePushAsync(agent, Need(task), caller, aborted),
                _ => throw new A2AException(
                    -32601, "METHOD_NOT_FOUND", StatusCodes.Status404NotFound, $"There is no method '{method}'."),
            }));
        }
        catch (A2AException e)
        {
            return Error(http, id, e);
        }
        catch (AgentException e)
        {
            return Error(http, id, A2AException.Of(e, task));
        }
    }

    private static string Need(string? task) => task ?? throw A2AException.Invalid("id: name the task.");

    private static JsonObject Result(JsonNode? id, JsonObject result) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id?.DeepClone(),
        ["result"] = result,
    };

    private static IResult Error(HttpContext http, JsonNode? id, A2AException e) => A2AHttp.Json(new JsonObject
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id,
        ["error"] = new JsonObject
        {
            ["code"] = e.Code,
            ["message"] = A2AHttp.MessageOf(http, e),
            ["data"] = e.Details(),
        },
    });
}
