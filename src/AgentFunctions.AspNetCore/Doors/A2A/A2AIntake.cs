using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Takes the messages of clients.</summary>
internal sealed class A2AIntake(
    AgentGateway gateway, A2ATasks tasks, RunSteering steering, A2AAnswers answers, A2AExtras extras, MeshBounds mesh)
{
    /// <summary>Takes a message: it starts a task, answers what one asks, or says something to it.</summary>
    /// <returns>The task.</returns>
    public async Task<string> TakeAsync(string agent, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        string key = $"{A2AService.Door}/{agent}/{message.Id}";
        caller = caller with { Door = new CallerDoor(A2AService.Door, message.Id) };
        if (message.TaskId is { } id)
        {
            RunStand stand = await tasks.FindAsync(agent, id, caller, RunAct.Steer, cancellationToken);
            if (message.ContextId is { } context && context != TaskView.ContextOf(stand.Run))
            {
                throw A2AException.Invalid("message.contextId: the task belongs to another context; leave it out.");
            }

            if (!stand.Run.IsEnded)
            {
                await extras.TakeAsync(agent, id, message, caller, cancellationToken);
            }

            string text = message.Text.Length > 0 ? message.Text
                : message.Data.Count > 0 ? message.Data.ToJsonString() : "Here are files.";
            await answers.TakeAsync(
                key, stand, message, caller,
                () => steering.SendAsync(id, text + message.FileWords, caller, key, cancellationToken), cancellationToken);
            return id;
        }

        DoorCallers.EnsureMaySubmit(caller);
        await mesh.EnsureAsync(message.Origin, cancellationToken);
        var request = new RunRequest
        {
            Agent = agent,
            Goal = (message.Text.Length > 0 ? message.Text
                : message.Data.Count > 0 ? "Do what input.data asks." : "Do what the files ask.") + message.FileWords,
            Input = message.Data.Count == 0
                ? null
                : JsonElement.Parse(new JsonObject { ["data"] = message.Data.DeepClone() }.ToJsonString()),
            Via = message.Origin?.Via,
            Budget = message.Origin?.Budget,
            Files = message.Files.Count == 0 ? null : [.. message.Files.Select(static file => new RunFile(file.Name,
                file.MediaType, file.Content))],
            Labels = message.ContextId is { } given ? new Dictionary<string, string> { [TaskView.Context] = given } : null,
        };
        string run = (await gateway.SubmitAsync(request, caller, key, cancellationToken)).Id;
        await extras.ToldAsync(agent, run, message, caller, CancellationToken.None);
        return run;
    }
}
