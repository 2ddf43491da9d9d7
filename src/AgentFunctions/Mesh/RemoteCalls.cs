using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Mesh.Remote;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mesh;

/// <summary>
/// Calls agents of other hosts as jobs: a task is started, its id kept, and looked at until it has ended. Whatever the other host
/// does, the run goes on.
/// </summary>
internal sealed partial class RemoteCalls(
    RemoteAgents agents, RemoteTasks tasks, MeshMessages messages, MeshCalls calls, RemotePeople people, ILogger<RemoteCalls> log)
    : IRunEndObserver
{
    /// <summary>Starts a task, or continues one.</summary>
    /// <param name="context">The call.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="message">The words.</param>
    /// <param name="data">Data beside them; <see langword="null"/> for none.</param>
    /// <param name="task">The task that is continued; <see langword="null"/> for a new one.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether the call ends with it, and with what.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolFailed"/>: the agent said no. <see cref="ErrorCode.ToolOutcomeUnknown"/>: nobody knows whether it
    /// has begun.
    /// </exception>
    public async Task<Reconciliation> StartAsync(
        ToolContext context, string agent, string message, JsonElement? data, string? task, CancellationToken cancellationToken)
    {
        MeshCall? known = await calls.FindAsync(context.IdempotencyKey, cancellationToken).ConfigureAwait(false);
        RemoteCard card = await CardAsync(agent, known is { IsOver: false }, cancellationToken).ConfigureAwait(false);
        string? wake = card.Tells ? known?.Wake ?? messages.NewSecret() : null;
        JsonObject parameters = await messages.OfAsync(context, message, data, task, wake, cancellationToken)
            .ConfigureAwait(false);
        // Before anything is sent: a crash from here on leaves open whether it has begun.
        await calls.PutAsync(new MeshCall(agent, "", context.IdempotencyKey) { Wake = wake }, cancellationToken)
            .ConfigureAwait(false);
        RemoteAnswer answer;
        try
        {
            JsonObject told = await tasks.CallAsync(agent, "SendMessage", parameters, UseOf(context), cancellationToken)
                .ConfigureAwait(false);
            answer = RemoteAnswer.Read(agent, told) ?? throw new AgentException(
                ErrorCode.ToolOutcomeUnknown,
                $"The agent '{agent}' took the message and answered with something that is neither a task nor a message.");
        }
        catch (RemoteException e)
        {
            await calls.RemoveAsync(context.IdempotencyKey, cancellationToken).ConfigureAwait(false);
            throw new AgentException(ErrorCode.ToolFailed, $"The agent '{agent}' refused the message: {e.Message}");
        }
        catch (HttpRequestException e) when (e.InnerException is AgentException { Code: ErrorCode.NotAllowed } refusal)
        {
            await calls.RemoveAsync(context.IdempotencyKey, cancellationToken).ConfigureAwait(false);
            throw new AgentException(ErrorCode.ToolFailed, refusal.Message);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentException(ErrorCode.ToolOutcomeUnknown, $"The agent '{agent}' gave no answer: {e.Message}", e);
        }

        // An answer without a task cannot be asked for again: after a crash, whoever looks finds that it was sent.
        if (answer.TaskId is { } id)
        {
            await calls.ChangeAsync(
                context.IdempotencyKey, before => before with { TaskId = id, IsOver = answer.IsOver, Asks = answer.Asks },
                cancellationToken).ConfigureAwait(false);
        }

        return answer.IsOver ? Over(context, answer) : Reconciliation.StillRunning;
    }

    /// <summary>Looks how a task stands.</summary>
    /// <param name="context">The call.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Reconciliation> LookAsync(ToolContext context, string agent, CancellationToken cancellationToken)
    {
        if (await calls.FindAsync(context.IdempotencyKey, cancellationToken).ConfigureAwait(false) is not { } call)
        {
            // Nothing was sent.
            return Reconciliation.DidNotTakeEffect;
        }

        if (call.TaskId.Length == 0)
        {
            // Sent or not: a host that takes a message once may be sent it again.
            return (await agents.CardAsync(agent, cancellationToken).ConfigureAwait(false)).TakesRepeats
                ? Reconciliation.DidNotTakeEffect
                : Reconciliation.Unknown;
        }

        RemoteAnswer? answer;
        try
        {
            JsonObject told = await tasks.CallAsync(
                call.Agent, "GetTask", new JsonObject { ["id"] = call.TaskId, ["historyLength"] = 0 }, UseOf(context),
                cancellationToken).ConfigureAwait(false);
            answer = RemoteAnswer.Read(agent, told);
        }
        catch (RemoteException e) when (e.Code == RemoteException.TaskNotFound)
        {
            await calls.EndAsync(call.Call, false, cancellationToken).ConfigureAwait(false);
            return Reconciliation.TookEffect(ToolOutcome.Failed(
                ErrorCode.ToolOutcomeUnknown,
                $"The agent '{agent}' does not know the task any more, so what came of it is not known."));
        }

        if (answer is { NeedsPeople: true })
        {
            if (await people.AskAsync(context, call, answer.Text, cancellationToken).ConfigureAwait(false))
            {
                return await GiveUpAsync(context, call, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (answer is not null)
        {
            await people.WithdrawAsync(context, call, cancellationToken).ConfigureAwait(false);
        }

        if (answer is null or { IsOver: false })
        {
            context.Progress.Report(answer is { Text.Length: > 0 } said ? said.Text : "at work");
            return Reconciliation.StillRunning;
        }

        await calls.EndAsync(call.Call, answer.Asks, cancellationToken).ConfigureAwait(false);
        return Over(context, answer);
    }

    Task IRunEndObserver.RunEndedAsync(RunRecord run, CancellationToken cancellationToken) =>
        RunEndedAsync(run, RunStatus.Failed, cancellationToken);

    /// <summary>
    /// Cancels the tasks that an ended run no longer waits for, once, as the other host may be away, and forgets all of them. A
    /// task that asks is left to a run that has completed: it may ask its own person, and go on with the task later.
    /// </summary>
    public async Task RunEndedAsync(RunRecord run, RunStatus status, CancellationToken cancellationToken)
    {
        IReadOnlyList<MeshCall> all = await calls.OfRunAsync(run.Id, cancellationToken).ConfigureAwait(false);
        foreach (MeshCall call in all)
        {
            (int turn, int number) = PlaceOf(call);
            // The last call that went on with a task knows how it stands.
            bool asks = call.Asks && !all.Any(later => later.Agent == call.Agent && later.TaskId == call.TaskId
                && PlaceOf(later).CompareTo((turn, number)) > 0);
            // A run that has completed may be taken up and answer; a sub-agent may not.
            if (asks && status == RunStatus.Completed && run.Parent is null)
            {
                continue;
            }

            if (asks || !call.IsOver)
            {
                var use = new TokenUse(run.Id, turn, number, call.Call) { IsToEnd = true };
                await CancelAsync(call, use, cancellationToken).ConfigureAwait(false);
            }

            await calls.RemoveAsync(call.Call, cancellationToken).ConfigureAwait(false);
        }
    }

    private static (int Turn, int Call) PlaceOf(MeshCall call)
    {
        int[] place = [.. call.Call.Split('/').Skip(1).Select(static part => int.TryParse(part, out int number) ? number : 0),
            0, 0];
        return (place[0], place[1]);
    }

    private static TokenUse UseOf(ToolContext context) => new(context.RunId, context.Turn, context.Call, context.IdempotencyKey);

    /// <summary>Cancels a task because a person here wants that.</summary>
    private async Task<Reconciliation> GiveUpAsync(ToolContext context, MeshCall call, CancellationToken cancellationToken)
    {
        await CancelAsync(call, UseOf(context), cancellationToken).ConfigureAwait(false);
        await calls.EndAsync(call.Call, false, cancellationToken).ConfigureAwait(false);
        return Reconciliation.TookEffect(ToolOutcome.Failed(
            ErrorCode.ToolFailed,
            $"A person here had the task of the agent '{call.Agent}' cancelled, which waited for people at its own host."));
    }

    /// <summary>Cancels a task that may still go on, once: the other host may be away.</summary>
    private async Task CancelAsync(MeshCall call, TokenUse use, CancellationToken cancellationToken)
    {
        try
        {
            if (call.TaskId.Length > 0)
            {
                await tasks.CallAsync(call.Agent, "CancelTask", new JsonObject { ["id"] = call.TaskId }, use, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is AgentException or RemoteException or HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            NotCancelled(log, call.TaskId, call.Agent, e.Message);
        }
    }

    private async Task<RemoteCard> CardAsync(string agent, bool isRepeated, CancellationToken cancellationToken)
    {
        try
        {
            return await agents.CardAsync(agent, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (isRepeated && e.Code == ErrorCode.ToolUnavailable)
        {
            // What was sent before may have begun.
            throw new AgentException(ErrorCode.ToolOutcomeUnknown, e.Message, e);
        }
    }

    private static Reconciliation Over(ToolContext context, RemoteAnswer answer)
    {
        if (answer.Usage is { } usage)
        {
            context.Features.Set(new ReportedUsage(usage));
        }

        return answer.IsError
            ? Reconciliation.TookEffect(ToolOutcome.Failed(ErrorCode.ToolFailed, answer.Text))
            : Reconciliation.TookEffect(answer.Text);
    }

    [LoggerMessage(1, LogLevel.Warning, "Task {Task} of agent '{Agent}' could not be cancelled: {Reason}")]
    private static partial void NotCancelled(ILogger logger, string task, string agent, string reason);
}
