using System.Text.Json.Nodes;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A.Push;

/// <summary>Keeps where clients want to be told of their tasks.</summary>
internal sealed class PushConfigs(A2ATasks tasks, RunReceivers receivers)
{
    /// <summary>Keeps a configuration in place of the caller's one with the same id.</summary>
    public async Task<JsonObject> CreateAsync(
        string agent, string task, JsonObject config, Caller caller, CancellationToken cancellationToken)
    {
        await tasks.FindAsync(agent, task, caller, RunAct.See, cancellationToken);
        var read = PushConfig.Read(config);
        await receivers.AddAsync(task, read.ToReceiver(caller), cancellationToken);
        return read.Show(task);
    }

    /// <summary>Gets a configuration of the caller's.</summary>
    public async Task<JsonObject> GetAsync(
        string agent, string task, string id, Caller caller, CancellationToken cancellationToken)
    {
        await tasks.FindAsync(agent, task, caller, RunAct.See, cancellationToken);
        return await receivers.FindAsync(task, PushConfig.ReceiverIdOf(caller, id), cancellationToken) is { } receiver
            ? PushConfig.Read(receiver).Show(task)
            : throw NotFound(task, id);
    }

    /// <summary>Lists the configurations of the caller's.</summary>
    public async Task<JsonObject> ListAsync(string agent, string task, Caller caller, CancellationToken cancellationToken)
    {
        await tasks.FindAsync(agent, task, caller, RunAct.See, cancellationToken);
        IReadOnlyList<RunReceiver> all = await receivers.ListAsync(task, cancellationToken);
        return new JsonObject
        {
            ["configs"] = new JsonArray(
            [
                .. all.Where(one => one.Form == PushMessages.FormName && PushConfig.CallerOf(one).Id == caller.Id)
                    .Select(one => PushConfig.Read(one).Show(task)),
            ]),
            ["nextPageToken"] = "",
        };
    }

    /// <summary>Deletes a configuration of the caller's, if there is one.</summary>
    public async Task<JsonObject> DeleteAsync(
        string agent, string task, string id, Caller caller, CancellationToken cancellationToken)
    {
        await tasks.FindAsync(agent, task, caller, RunAct.See, cancellationToken);
        await receivers.RemoveAsync(task, PushConfig.ReceiverIdOf(caller, id), cancellationToken);
        return [];
    }

    private static A2AException NotFound(string task, string id) => new(
        -32001, "TASK_NOT_FOUND", StatusCodes.Status404NotFound, $"Task '{task}' has no push notification configuration '{id}'.");
}
