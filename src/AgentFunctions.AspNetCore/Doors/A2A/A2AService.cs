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
    A2AIntake intake, A2ATasks tasks, RunStands stands, RunSteering steering, RunReader reader, TaskView view,
    IOptions<DoorOptions> options)
{
    /// <summary>The name of the door.</summary>
    public const string Door = "a2a";

    private const int MaxPage = 100;

    /// <summary>
    /// Takes a message, and waits until its task has ended or asks something, unless the client does not want that.
    /// </summary>
    public async Task<JsonObject> SendAsync(string agent, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        string id = await intake.TakeAsync(agent, message, caller, cancellationToken);
        RunStand stand = message.ReturnsImmediately
            ? await stands.GetAsync(id, caller, RunAct.See, cancellationToken)
            : await stands.WaitForPeopleAsync(id, caller, options.Value.WaitFor, cancellationToken);
        return new JsonObject { ["task"] = await view.OfAsync(stand, message.HistoryLength, true, cancellationToken) };
    }

    /// <summary>Gets a task.</summary>
    public async Task<JsonObject> GetAsync(
        string agent, string id, int? historyLength, Caller caller, CancellationToken cancellationToken) =>
        await view.OfAsync(
            await tasks.FindAsync(agent, id, caller, RunAct.See, cancellationToken), historyLength, true, cancellationToken);

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
        RunStand stand = await tasks.FindAsync(agent, id, caller, RunAct.Stop, cancellationToken);
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
        RunStand stand = await tasks.FindAsync(agent, id, caller, RunAct.See, cancellationToken);
        return stand.Run.IsEnded
            ? throw A2AException.Unsupported($"Task '{id}' has ended; get it instead.")
            : id;
    }
}
