using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Tells of a task as it goes on. All who listen are told the same: they read one journal.</summary>
internal sealed class TaskStream(
    RunStands stands, TaskView view, TaskFiles files, Journal journal, Transcript transcript, Redactor redactor)
{
    /// <summary>Gets what is told of a type of event.</summary>
    /// <param name="type">The type.</param>
    public static TaskTelling TellingOf(string type) => type switch
    {
        JournalEventTypes.ModelCompleted => TaskTelling.Words,
        JournalEventTypes.ToolStarted => TaskTelling.SubAgent,
        JournalEventTypes.ToolCompleted => TaskTelling.Files,
        JournalEventTypes.ApprovalRequested or JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn
            or JournalEventTypes.QuestionAsked or JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined
            or JournalEventTypes.QuestionExpired or JournalEventTypes.QuestionWithdrawn
            or JournalEventTypes.RunPaused or JournalEventTypes.RunResumed or JournalEventTypes.BudgetGranted =>
            TaskTelling.Status,
        _ => TaskTelling.Nothing,
    };

    /// <summary>Writes a task as server-sent events.</summary>
    /// <param name="stream">The answer to the request.</param>
    /// <param name="id">The task.</param>
    /// <param name="caller">Who is told.</param>
    /// <param name="isSubscription">Whether the stream goes on while the task asks its caller something.</param>
    /// <param name="wrap">Puts an update into the form of the binding.</param>
    public Task WriteAsync(
        DoorStream stream, string id, Caller caller, bool isSubscription, Func<JsonObject, JsonObject> wrap) =>
        stream.WriteAsync(id, cancellationToken => TellAsync(id, caller, isSubscription, cancellationToken)
            .Select(told => new DoorEvent(Encoding.UTF8.GetBytes($"data: {wrap(told).ToJsonString()}\n\n"))));

    /// <summary>Tells how a task stands, and then what becomes of it, until it has ended.</summary>
    private async IAsyncEnumerable<JsonObject> TellAsync(
        string id, Caller caller, bool isSubscription, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long known = await journal.LengthAsync(id, cancellationToken);
        RunStand first = await stands.GetAsync(id, caller, RunAct.See, cancellationToken);
        JsonObject task = await view.OfAsync(first, null, true, cancellationToken);
        HashSet<string> made = [.. (task["artifacts"] as JsonArray ?? []).Select(static one => one!["artifactId"]!.ToString())];
        yield return new JsonObject { ["task"] = task };
        if (first.Run.IsEnded || (first.Answerable.Count > 0 && !isSubscription))
        {
            yield break;
        }

        var told = Channel.CreateUnbounded<JsonObject>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task follow = FollowAsync(id, caller, known, made, isSubscription, told.Writer, stop.Token);
        try
        {
            await foreach (JsonObject update in told.Reader.ReadAllAsync(cancellationToken))
            {
                yield return update;
            }

            await follow;
        }
        finally
        {
            await stop.CancelAsync();
            await follow.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(
        string id, Caller caller, long from, HashSet<string> made, bool isSubscription, ChannelWriter<JsonObject> told,
        CancellationToken cancellationToken)
    {
        try
        {
            var listener = new Listener(id, caller, new TurnReader(transcript, redactor, id), made, told);
            RunStand? stand = null;
            do
            {
                stand = await stands.WaitAsync(
                    id, caller, Timeout.InfiniteTimeSpan, from, stand?.Open ?? [],
                    async e =>
                    {
                        from++;
                        await TellAsync(listener, e, cancellationToken);
                    },
                    cancellationToken);
                await TellFilesAsync(stand.Run, made, told, cancellationToken);
                if (TaskView.AnswerOf(stand.Run) is { } answer)
                {
                    told.TryWrite(TaskView.UpdateOf(stand.Run, answer));
                }

                told.TryWrite(TaskView.UpdateOf(stand, null));
            }
            while (isSubscription && !stand.Run.IsEnded);
        }
        finally
        {
            told.TryComplete();
        }
    }

    private async Task TellAsync(Listener listener, JournalEvent e, CancellationToken cancellationToken)
    {
        TaskTelling telling = TellingOf(e.Type);
        IReadOnlyList<JsonObject> further = await FurtherAsync(listener, telling, e, cancellationToken);
        string text = telling == TaskTelling.Words ? await TextOfAsync(e, listener.Turns, cancellationToken) : "";
        if (further.Count == 0 && text.Length == 0 && telling is not (TaskTelling.Status or TaskTelling.Files))
        {
            return;
        }

        RunStand stand = await stands.GetAsync(listener.Id, listener.Caller, RunAct.See, cancellationToken);
        if (telling == TaskTelling.Files)
        {
            await TellFilesAsync(stand.Run, listener.Made, listener.Told, cancellationToken);
        }

        if (stand.Run.IsEnded || telling != TaskTelling.Status)
        {
            // Its end is told at the end.
            stand = stand with { Run = stand.Run with { Status = RunStatus.Running } };
        }

        if (telling == TaskTelling.Status)
        {
            listener.Told.TryWrite(TaskView.UpdateOf(stand, null));
        }
        else if (text.Length > 0)
        {
            JsonObject said = TaskView.MessageOf(stand.Run, $"{listener.Id}.{e.Turn}", [new JsonObject { ["text"] = text }]);
            listener.Told.TryWrite(TaskView.UpdateOf(stand, said));
        }

        foreach (JsonObject metadata in further)
        {
            listener.Told.TryWrite(TaskView.UpdateOf(stand, null, metadata));
        }
    }

    /// <summary>Gets what is told of an event beside words and files: calls, and sub-agents that begin and end.</summary>
    private static async Task<IReadOnlyList<JsonObject>> FurtherAsync(
        Listener listener, TaskTelling telling, JournalEvent e, CancellationToken cancellationToken)
    {
        if (e.Turn is not { } turn)
        {
            return [];
        }

        if (telling == TaskTelling.Words)
        {
            return await listener.Turns.FindAsync(turn, cancellationToken) is { } reply
                ? [.. reply.Calls.Select(call => TaskView.CallOf(listener.Id, turn, call))]
                : [];
        }

        bool hasEnded = telling == TaskTelling.Files;
        // A crash may have a call begin, or end, twice.
        if (telling is not (TaskTelling.SubAgent or TaskTelling.Files) || e is not { Call: { } number, Tool: { } tool }
            || !SubAgentCalls.Starts(tool) || !listener.SubAgents.Add((turn, number, hasEnded)))
        {
            return [];
        }

        AskedCall asked = await listener.Turns.CallAsync(turn, number, tool, cancellationToken);
        return [TaskView.SubAgentOf(listener.Id, turn, asked, hasEnded ? e.IsError == true : null)];
    }

    /// <summary>Tells the files that are new, each once.</summary>
    private async Task TellFilesAsync(
        Run run, HashSet<string> made, ChannelWriter<JsonObject> told, CancellationToken cancellationToken)
    {
        foreach (JsonObject file in await files.OfAsync(run.Id, made, cancellationToken))
        {
            made.Add(file["artifactId"]!.ToString());
            told.TryWrite(TaskView.UpdateOf(run, file));
        }
    }

    /// <summary>The whole text; the journal has its beginning.</summary>
    private static async Task<string> TextOfAsync(JournalEvent e, TurnReader turns, CancellationToken cancellationToken) =>
        e.Turn is { } turn && await turns.FindAsync(turn, cancellationToken) is { } said ? said.Text : e.Text ?? "";

    /// <summary>One who is told of a task, and what of it was told.</summary>
    private sealed record Listener(
        string Id, Caller Caller, TurnReader Turns, HashSet<string> Made, ChannelWriter<JsonObject> Told)
    {
        public HashSet<(int Turn, int Call, bool HasEnded)> SubAgents { get; } = [];
    }
}
