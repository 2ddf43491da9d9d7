using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>
/// Makes a call of a server that may answer with a task. The id of the task is kept, and the run waits for it without compute:
/// looks ask the server how it stands. What it asks for meanwhile becomes questions to people.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="tool">The tool.</param>
internal sealed class TaskCall(McpServer server, Tool tool)
{
    /// <summary>How much a task may ask for.</summary>
    private const int MostRequests = 20;

    /// <summary>The number of the first question: those before it are asked before a task begins.</summary>
    private const int FirstQuestion = 10_000;

    private const string Waits = "The call waits for a person.";

    private readonly InputCall _call = new(server, tool, takesTask: true);

    /// <summary>Gets how the host looks at a call.</summary>
    public ToolJob Job => field ??= new ToolJob((context, _, cancellationToken) => LookAsync(context, cancellationToken))
    {
        IsPlainUntilStarted = true,
        PollInterval = TimeSpan.FromSeconds(5),
        LongestPause = TimeSpan.FromMinutes(5),
        Timeout = TimeSpan.FromDays(7),
    };

    /// <summary>Starts a call, or takes up one that goes on.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    /// <returns>Whether the call ends with it, and with what.</returns>
    /// <exception cref="AgentException">
    /// As <see cref="McpServer.CallAsync"/>; or the server answered with an error of the tool's.
    /// </exception>
    public async Task<Reconciliation> StartAsync(Dictionary<string, JsonElement> arguments, ToolContext context,
        CancellationToken cancellationToken)
    {
        McpTasks tasks = context.Services.GetRequiredService<McpTasks>();
        if (await tasks.FindAsync(context, cancellationToken).ConfigureAwait(false) is { IsOver: false } known)
        {
            return await FollowAsync(tasks, known, context, cancellationToken).ConfigureAwait(false);
        }

        if (await _call.MakeAsync(arguments, context, cancellationToken).ConfigureAwait(false) is not { } answer)
        {
            return Reconciliation.TookEffect(Waits);
        }

        if (answer.Task is not { } started)
        {
            return Reconciliation.TookEffect(await McpFunction.ToOutcomeAsync(server, tool, answer.Result!, context,
                cancellationToken).ConfigureAwait(false));
        }

        // Not cut off any more: a task whose id is lost goes on without anybody to take its result.
        await tasks.PutAsync(
            context,
            new McpTask(server.Definition.Name, started.Id, context.Turn, context.Call)
            {
                IsOlder = started.IsOlder,
                Notes = answer.Notes.Count == 0 ? null : answer.Notes,
            },
            CancellationToken.None).ConfigureAwait(false);
        return GoesOn(started, context);
    }

    /// <summary>Looks how a call stands that was begun.</summary>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public async Task<Reconciliation> LookAsync(ToolContext context, CancellationToken cancellationToken)
    {
        McpTasks tasks = context.Services.GetRequiredService<McpTasks>();
        return await tasks.FindAsync(context, cancellationToken).ConfigureAwait(false) is { } task
            ? await FollowAsync(tasks, task, context, cancellationToken).ConfigureAwait(false)
            : await InputCall.ReconcileAsync(context, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Reconciliation> FollowAsync(McpTasks tasks, McpTask task, ToolContext context,
        CancellationToken cancellationToken)
    {
        TaskStand stand;
        try
        {
            JsonNode? told = await server.AskAsync(() => TaskWire.Get(task.TaskId), context, isToEnd: false, cancellationToken)
                .ConfigureAwait(false);
            stand = TaskStand.Read(told) ?? new TaskStand(task.TaskId, "working");
            if (task.IsOlder && stand.Status is "completed" or "failed" or "input_required")
            {
                return await TakeResultAsync(tasks, task, stand, context, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (McpRefusalException e) when (e.IsOfUnknownTask)
        {
            await tasks.PutAsync(context, task with { IsOver = true }, cancellationToken).ConfigureAwait(false);
            return Failed(
                ErrorCode.ToolOutcomeUnknown,
                $"The tool server '{server.Definition.Name}' does not know the task of this call any more, so what came of it is not known. "
                + $"Find out before you call it again. ({server.Hide(e.Message)})");
        }

        switch (stand.Status)
        {
            case "completed":
                return await CompleteAsync(tasks, task, McpAnswer.Read(stand.Result), context, cancellationToken)
                    .ConfigureAwait(false);
            case "failed" or "cancelled":
                return await FailAsync(tasks, task, stand, context, cancellationToken).ConfigureAwait(false);
            case "input_required":
                return await AnswerAsync(tasks, task, stand, context, cancellationToken).ConfigureAwait(false);
            default:
                return GoesOn(stand, context);
        }
    }

    /// <summary>
    /// Takes the result of a task of 2025-11-25. One that wants input asks for it within this request, as calls of that version
    /// do.
    /// </summary>
    private async Task<Reconciliation> TakeResultAsync(
        McpTasks tasks, McpTask task, TaskStand stand, ToolContext context, CancellationToken cancellationToken)
    {
        McpCallAnswer answer;
        try
        {
            answer = await server.ResultOfTaskAsync(task.TaskId, context, cancellationToken).ConfigureAwait(false);
        }
        catch (McpRefusalException e) when (stand.Status == "failed")
        {
            return await FailAsync(tasks, task, stand with { Message = stand.Message ?? e.Message }, context, cancellationToken)
                .ConfigureAwait(false);
        }

        CallToolResult result = answer.Result!;
        if (stand.Status == "failed")
        {
            result.IsError = true;
        }

        return await CompleteAsync(
            tasks, task with { Notes = [.. task.Notes ?? [], .. answer.Notes] }, result, context, cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<Reconciliation> CompleteAsync(
        McpTasks tasks, McpTask task, CallToolResult result, ToolContext context, CancellationToken cancellationToken)
    {
        ToolOutcome outcome = await McpFunction.ToOutcomeAsync(
            server, tool, InputCall.With(result, InputNote.Words(task.Notes?.ToList() ?? [])), context, cancellationToken)
            .ConfigureAwait(false);
        await tasks.PutAsync(context, task with { IsOver = true }, cancellationToken).ConfigureAwait(false);
        return Reconciliation.TookEffect(outcome);
    }

    private async Task<Reconciliation> FailAsync(
        McpTasks tasks, McpTask task, TaskStand stand, ToolContext context, CancellationToken cancellationToken)
    {
        await tasks.PutAsync(context, task with { IsOver = true }, cancellationToken).ConfigureAwait(false);
        return Failed(ErrorCode.ToolFailed, server.Hide(stand.Status == "failed"
            ? $"The tool server '{server.Definition.Name}' failed to carry the call out: {stand.Error ?? stand.Message ?? "it does not say why"}"
            : $"The call was cancelled by the tool server '{server.Definition.Name}'{(stand.Message is { } why ? $": {why}" : ".")}"));
    }

    /// <summary>Asks people for what a task wants, and answers it once all of it is settled.</summary>
    private async Task<Reconciliation> AnswerAsync(
        McpTasks tasks, McpTask task, TaskStand stand, ToolContext context, CancellationToken cancellationToken)
    {
        string[] wanted = [.. (stand.Requests ?? []).Select(static request => request.Key).Except(task.Answered ?? [])];
        if (wanted.Length == 0)
        {
            // What was answered has not reached the server's work yet.
            return GoesOn(stand, context);
        }

        string[] asked = [.. (task.Asked ?? []).Union(wanted)];
        if (asked.Length > MostRequests)
        {
            await CancelAsync(task.TaskId, context, cancellationToken).ConfigureAwait(false);
            await tasks.PutAsync(context, task with { IsOver = true }, cancellationToken).ConfigureAwait(false);
            return Failed(
                ErrorCode.ToolFailed,
                $"The tool server '{server.Definition.Name}' asked for more than {MostRequests} things within one call, which was cancelled.");
        }

        task = task with { Asked = asked };
        await tasks.PutAsync(context, task, cancellationToken).ConfigureAwait(false);
        var responses = new JsonObject();
        List<InputNote> notes = [.. task.Notes ?? []];
        bool isOpen = false;
        foreach (string key in wanted)
        {
            JsonElement request = JsonElement.Parse(stand.Requests![key]?.ToJsonString() ?? "null");
            (JsonObject response, InputNote? note, bool waits) =
                await AskAsync(request, FirstQuestion + Array.IndexOf(asked, key), context, cancellationToken)
                    .ConfigureAwait(false);
            responses[key] = response;
            isOpen |= waits;
            notes.AddRange(note is null ? [] : [note]);
        }

        if (isOpen)
        {
            return Reconciliation.TookEffect(Waits);
        }

        await server.AskAsync(() => TaskWire.Update(task.TaskId, responses), context, isToEnd: false, cancellationToken)
            .ConfigureAwait(false);
        task = task with { Answered = [.. (task.Answered ?? []).Union(wanted)], Notes = notes.Count == 0 ? null : notes };
        await tasks.PutAsync(context, task, cancellationToken).ConfigureAwait(false);
        return GoesOn(stand, context);
    }

    private async Task<(JsonObject Response, InputNote? Note, bool Waits)> AskAsync(
        JsonElement request, int number, ToolContext context, CancellationToken cancellationToken)
    {
        PersonQuestion question;
        try
        {
            question = ElicitedQuestion.Of(server.Definition.Name, request);
        }
        catch (AgentException e)
        {
            return (new JsonObject { ["action"] = "cancel" },
                InputNote.Refused("something else than words of a person", e.Message), false);
        }

        if (context.Features.Get<IPersonAsker>() is not { } asker)
        {
            return (new JsonObject { ["action"] = "cancel" }, new InputNote(question.Text, InputNote.NobodyHere), false);
        }

        try
        {
            PersonAnswer answer = await asker.AskAsync(number, question, cancellationToken).ConfigureAwait(false);
            return (ElicitedQuestion.AnswerOf(answer), InputNote.Of(question.Text, answer),
                answer.Verdict == PersonVerdict.Waits);
        }
        catch (AgentException e) when (e.Code == ErrorCode.ToolArgumentsInvalid)
        {
            // It asks for what people are not asked for: the task is told that nobody answers, and the model why.
            return (new JsonObject { ["action"] = "cancel" }, InputNote.Refused(question.Text, e.Message), false);
        }
    }

    private async Task CancelAsync(string id, ToolContext context, CancellationToken cancellationToken)
    {
        try
        {
            await server.AskAsync(() => TaskWire.Cancel(id), context, isToEnd: true, cancellationToken).ConfigureAwait(false);
        }
        catch (McpRefusalException)
        {
            // It has ended already.
        }
    }

    private Reconciliation GoesOn(TaskStand stand, ToolContext context)
    {
        context.Progress.Report(stand.Message is { } words ? server.Hide(words) : "at work");
        if (stand.Poll is { } poll)
        {
            context.Features.Set(new NextLook(poll));
        }

        return Reconciliation.StillRunning;
    }

    private static Reconciliation Failed(ErrorCode code, string words) =>
        Reconciliation.TookEffect(ToolOutcome.Failed(code, words));
}
