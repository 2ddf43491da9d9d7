using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.AspNetCore.Doors.Shared;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>The binding of the Agent2Agent protocol to JSON-RPC: one address for all methods.</summary>
internal static class A2ARpc
{
    public static async Task<IResult> CallAsync(
        string agent, HttpContext http, A2AService service, A2AIntake intake, TaskStream stream, PushConfigs push)
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
            // Configurations have an id of their own.
            task = A2AMessage.TextOf(parameters, "taskId") ?? A2AMessage.TextOf(parameters, "id");
            Caller caller = A2AHttp.CallerOf(http, agent, task);
            CancellationToken aborted = http.RequestAborted;
            if (method is "SendStreamingMessage" or "SubscribeToTask")
            {
                using var answer = DoorStream.Open(http);
                bool isSubscription = method == "SubscribeToTask";
                string streamed = isSubscription
                    ? await service.SubscribeAsync(agent, Need(task), caller, aborted)
                    : await intake.TakeAsync(agent, A2AMessage.Read(parameters), caller, aborted);
                await stream.WriteAsync(answer, streamed, caller, isSubscription, told => Result(id, told));
                return TypedResults.Empty;
            }

            return A2AHttp.Json(Result(id, method switch
            {
                "SendMessage" => await service.SendAsync(agent, A2AMessage.Read(parameters), caller, aborted),
                "GetTask" => await service.GetAsync(
                    agent, Need(task), A2AMessage.NumberOf(parameters, "historyLength"), caller, aborted),
                "ListTasks" => await service.ListAsync(agent, parameters, caller, aborted),
                "CancelTask" => await service.CancelAsync(agent, Need(task), caller, aborted),
                "GetExtendedAgentCard" => await A2ACard.SignedAsync(A2AHttp.AgentOf(http, agent), http),
                "CreateTaskPushNotificationConfig" => await push.CreateAsync(agent, Need(task), parameters, caller, aborted),
                "GetTaskPushNotificationConfig" => await push.GetAsync(
                    agent, Need(task), ConfigOf(parameters), caller, aborted),
                "ListTaskPushNotificationConfigs" => await push.ListAsync(agent, Need(task), caller, aborted),
                "DeleteTaskPushNotificationConfig" => await push.DeleteAsync(
                    agent, Need(task), ConfigOf(parameters), caller, aborted),
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
            return Error(http, id, A2AErrors.Of(http, e, task));
        }
    }

    private static string Need(string? task) => task ?? throw A2AException.Invalid("id: name the task.");

    private static string ConfigOf(JsonObject parameters) =>
        A2AMessage.TextOf(parameters, "id") ?? throw A2AException.Invalid("id: name the configuration.");

    private static JsonObject Result(JsonNode? id, JsonObject result) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id?.DeepClone(),
        ["result"] = result,
    };

    private static IResult Error(HttpContext http, JsonNode? id, A2AException e)
    {
        A2AErrors.SayWhen(http, e);
        return A2AHttp.Json(A2AErrors.OfRpc(id, e, A2AHttp.MessageOf(http, e)));
    }
}
