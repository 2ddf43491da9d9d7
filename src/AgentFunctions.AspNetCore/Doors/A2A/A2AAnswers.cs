using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>
/// Takes messages to tasks, each once: as the answer to what the task asks, or as words. A repetition is about what the message was
/// about when it came first, never about what the task asks since then.
/// </summary>
internal sealed class A2AAnswers(
    ApprovalService approvals, QuestionService questions, Answerable answerable, RequestKeys keys)
{
    /// <summary>The longest id that a message may name.</summary>
    private const int MaxId = 100;

    /// <summary>Takes a message.</summary>
    /// <param name="key">The name of the message.</param>
    /// <param name="stand">What is open.</param>
    /// <param name="message">The message.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="say">Tells the task its words, for one that answers nothing.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task TakeAsync(
        string key, RunStand stand, A2AMessage message, Caller caller, Func<Task> say, CancellationToken cancellationToken)
    {
        // Before the name is taken: what is no text refuses the message, and its client may send it corrected.
        _ = (A2AMessage.TextOf(message.Data, "callHash"), A2AMessage.TextOf(message.Data, "comment"));
        string task = stand.Run.Id;
        if (stand is { Open.Count: 0, Run.IsEnded: false })
        {
            // What is asked is told of before the run shows that it waits.
            stand = new RunStand(stand.Run, await answerable.OfTreeAsync(task, caller, cancellationToken));
        }

        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{task}\n{key}")));
        await keys.OnceAsync(
            KeyedRequest.Of(
                caller.Id, $"a2a-message/{name}", "a2a-message", message.Text + message.FileWords, message.Data.ToJsonString()),
            SubjectOf(stand, message) ?? task,
            async claim =>
            {
                if (stand.Run.IsEnded && !claim.IsResumed)
                {
                    throw new AgentException(
                        ErrorCode.RunStateForbids, $"Task '{task}' has ended; send the message without taskId.");
                }

                try
                {
                    if (claim.Subject == task || !await TryAnswerAsync(claim, stand, message, caller, cancellationToken))
                    {
                        await say();
                    }
                }
                catch (Exception e) when (e is AgentException { IsTransient: true }
                    || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    // It may have been taken.
                    claim.Begin();
                    throw;
                }

                return task;
            },
            () => Task.FromResult(task), cancellationToken);
    }

    private async Task<bool> TryAnswerAsync(
        ClaimedRequest claim, RunStand stand, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        // Of one that was cut off, what it answered may be open no more: by that very message, or by somebody else since then.
        OpenQuestion open = stand.Answerable.FirstOrDefault(one => one.Id == claim.Subject)
            ?? (claim.IsResumed ? await FindAsync(claim.Subject, caller, cancellationToken) : null)
            ?? throw new AgentException(
                ErrorCode.InvalidInput, $"The task asks nothing with the id '{claim.Subject}' that you may answer.");
        if (open.Approval is { } approval)
        {
            if (Approves(message) is not { } approves)
            {
                return false;
            }

            JsonElement? edited = approves && DoorJson.Object(message.Data["arguments"], "arguments") is { } arguments
                ? JsonElement.Parse(arguments.ToJsonString())
                : null;
            string? comment = A2AMessage.TextOf(message.Data, "comment");
            string? hash = A2AMessage.TextOf(message.Data, "callHash");
            await approvals.DecideAsync(approval.Id, caller, approves, comment, edited, hash, cancellationToken);
            return true;
        }

        if (message.Data["answers"] is not JsonObject answers)
        {
            return false;
        }

        await questions.AnswerAsync(open.Question!.Id, caller, JsonElement.Parse(answers.ToJsonString()), cancellationToken);
        return true;
    }

    private async Task<OpenQuestion?> FindAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            Approval approval = await approvals.GetAsync(id, caller, cancellationToken);
            return approval.Terms.IsOutOfBand ? null : new OpenQuestion { Approval = approval, MayAnswer = true };
        }
        catch (AgentException e) when (e.Code == ErrorCode.ApprovalNotFound)
        {
            // It is a question.
        }

        try
        {
            Question question = await questions.GetAsync(id, caller, cancellationToken);
            return question.Terms.InBand ? new OpenQuestion { Question = question, MayAnswer = true } : null;
        }
        catch (AgentException e) when (e.Code == ErrorCode.QuestionNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// What the message answers: what it names, or the only thing that is open; <see langword="null"/> for nothing.
    /// </summary>
    private static string? SubjectOf(RunStand stand, A2AMessage message)
    {
        if ((A2AMessage.TextOf(message.Data, "approval") ?? A2AMessage.TextOf(message.Data, "question")) is { } id)
        {
            return id.Length is > 0 and <= MaxId && id != stand.Run.Id ? id
                : throw A2AException.Invalid("The task asks nothing with the id that data names.");
        }

        return stand.Answerable is [var only]
            && (only.Approval is not null ? Approves(message) is not null : message.Data["answers"] is JsonObject)
            ? only.Id
            : null;
    }

    private static bool? Approves(A2AMessage message) =>
        message.Data["approve"] is JsonValue said && said.TryGetValue(out bool approves) ? approves
        : message.Data.Count > 0 ? null
        : message.Text.Trim().TrimEnd('.', '!').ToUpperInvariant() switch
        {
            "YES" => true,
            "NO" => false,
            _ => null,
        };
}
