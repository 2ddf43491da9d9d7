using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>What both bindings of the Agent2Agent protocol do: a task is a run.</summary>
internal sealed class A2AService(
    AgentGateway gateway, RunStands stands, RunSteering steering, RunReader reader, TaskView view, A2AAnswers answers,
    IOptions<DoorOptions> options)
{
    /// <summary>The name of the door.</summary>
    public const string Door = "a2a";

    private const int MaxPage = 100;

    /// <summary>Takes a message: it starts a task, answers what one asks, or says something to it.</summary>
    /// <returns>The task.</returns>
    public async Task<string> TakeAsync(string agent, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        string key = $"{Door}/{agent}/{message.Id}";
        caller = caller with { Door = new CallerDoor(Door, message.Id) };
        if (message.TaskId is { } id)
        {
            RunStand stand = await FindAsync(agent, id, caller, RunAct.Steer, cancellationToken);
            if (message.ContextId is { } context && context != TaskView.ContextOf(stand.Run))
            {
                throw A2AException.Invalid("message.contextId: the task belongs to another context; leave it out.");
            }

            if (stand.Run.IsEnded)
            {
                throw A2AException.Unsupported($"Task '{id}' has ended; send the message without taskId.");
            }

            if (!await answers.TryAnswerAsync(stand, message, caller, cancellationToken))
            {
                string text = message.Text.Length > 0 ? message.Text : message.Data.ToJsonString();
                await steering.SendAsync(id, text, caller, key, cancellationToken);
            }

            return id;
        }

        DoorCallers.EnsureMaySubmit(caller);
        var request = new RunRequest
        {
            Agent = agent,
            Goal = message.Text.Length > 0 ? message.Text : "Do what input.data asks.",
            Input = message.Data.Count == 0
                ? null
                : JsonElement.Parse(new JsonObject { ["data"] = message.Data.DeepClone() }.ToJsonString()),
            Labels = message.ContextId is { } given ? new Dictionary<string, string> { [TaskView.Context] = given } : null,
        };
        return (await gateway.SubmitAsync(request, caller, key, cancellationToken)).Id;
    }

    /// <summary>
    /// Takes a message, and waits until its task has ended or asks something, unless the client does not want that.
    /// </summary>
    public async Task<JsonObject> SendAsync(string agent, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        string id = await TakeAsync(agent, message, caller, cancellationToken);
        RunStand stand = message.ReturnsImmediately
            ? await stands.GetAsync(id, caller, RunAct.See, cancellationToken)
            : await stands.WaitAsync(id, caller, options.Value.WaitFor, null, cancellationToken);
        return new JsonObject { ["task"] = await view.OfAsync(stand, message.HistoryLength, true, cancellationToken) };
    }

    /// <summary>Gets a task.</summary>
    public async Task<JsonObject> GetAsync(
        string agent, string id, int? historyLength, Caller caller, CancellationToken cancellationToken) =>
        await view.OfAsync(
            await FindAsync(agent, id, caller, RunAct.See, cancellationToken), historyLength, true, cancellationToken);

    /// <summary>Lists the caller's tasks, the newest first.</summary>
    public async Task<JsonObject> ListAsync(string agent, JsonObject query, Caller caller, CancellationToken cancellationToken)
    {
        int size = Math.Clamp(A2AMessage.NumberOf(query, "pageSize") is > 0 and var wanted ? wanted : 50, 1, MaxPage);
        string? token = A2AMessage.TextOf(query, "pageToken");
        if (token is not null && !RunReader.IsRunId(token))
        {
            throw A2AException.Invalid("pageToken: use the nextPageToken of the page before.");
        }

        var filter = new RunFilter
        {
            Agent = agent,
            Requester = caller.Id,
            After = token,
            Label = A2AMessage.TextOf(query, "contextId") is { } context ? $"{TaskView.Context}={context}" : null,
        };
        string? state = A2AMessage.TextOf(query, "status");
        bool withArtifacts = query["includeArtifacts"] is JsonValue given && given.TryGetValue(out bool want) && want;
        var tasks = new JsonArray();
        Page<Run> page = await reader.ListPageAsync(filter, size, cancellationToken);
        foreach (Run run in page.Items)
        {
            RunStand stand = await stands.GetAsync(run.Id, caller, RunAct.See, cancellationToken);
            if (state is null || TaskView.StateOf(stand) == state)
            {
                tasks.Add(await view.OfAsync(
                    stand, A2AMessage.NumberOf(query, "historyLength") ?? 0, withArtifacts, cancellationToken));
            }
        }

        return new JsonObject
        {
            ["tasks"] = tasks,
            ["nextPageToken"] = page.ContinuationToken ?? "",
            ["pageSize"] = size,
            ["totalSize"] = tasks.Count,
        };
    }

    /// <summary>Asks a task to end, and waits a little for that.</summary>
    public async Task<JsonObject> CancelAsync(string agent, string id, Caller caller, CancellationToken cancellationToken)
    {
        RunStand stand = await FindAsync(agent, id, caller, RunAct.Stop, cancellationToken);
        if (!stand.Run.IsEnded)
        {
            await steering.CancelAsync(id, caller, "cancelled by the client of its task", null, cancellationToken);
            await stands.WaitBrieflyForEndAsync(id, cancellationToken);
            return await GetAsync(agent, id, 0, caller, cancellationToken);
        }

        throw new A2AException(-32002, "TASK_NOT_CANCELABLE", StatusCodes.Status409Conflict, $"Task '{id}' has ended already.");
    }

    /// <summary>Ensures that a task can be subscribed to.</summary>
    /// <returns>The task.</returns>
    public async Task<string> SubscribeAsync(string agent, string id, Caller caller, CancellationToken cancellationToken)
    {
        RunStand stand = await FindAsync(agent, id, caller, RunAct.See, cancellationToken);
        return stand.Run.IsEnded
            ? throw A2AException.Unsupported($"Task '{id}' has ended; get it instead.")
            : id;
    }

    /// <summary>Refuses to send notifications of a task that the caller may see.</summary>
    public async Task<JsonObject> RefusePushAsync(string agent, string id, Caller caller, CancellationToken cancellationToken)
    {
        await FindAsync(agent, id, caller, RunAct.See, cancellationToken);
        throw A2AException.NoPush();
    }

    /// <summary>Finds a task of an agent.</summary>
    /// <exception cref="A2AException">There is none that the caller may see.</exception>
    private async Task<RunStand> FindAsync(
        string agent, string id, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        RunStand? stand = RunReader.IsRunId(id) ? await stands.GetAsync(id, caller, act, cancellationToken) : null;
        return stand is { } found && found.Run.Agent == agent ? found : throw A2AException.NotFound(id);
    }
}
