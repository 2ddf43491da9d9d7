using System.Collections.Concurrent;
using System.Diagnostics;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Hands commands to the loops of runs, and takes runs up again that have ended.</summary>
internal sealed class RunCommands(
    RunReader reader, RunStore runs, IOrchestrationClient orchestrations, IRecordStore records, Admission admission,
    RunIndexLog index)
{
    private static readonly OrchestrationStatus[] EndedStatuses =
        [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    /// <summary>A run.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public Task<Run> GetAsync(string id, CancellationToken cancellationToken) => reader.GetAsync(id, cancellationToken);

    /// <summary>Does what a request asks of a run, with a span in the trace of the run.</summary>
    /// <param name="id">The run.</param>
    /// <param name="act">What is asked for.</param>
    /// <param name="steer">Does it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Run> TracedAsync(string id, string act, Func<Task<Run>> steer, CancellationToken cancellationToken)
    {
        RunRecord? record = RunTrace.IsOn ? await runs.FindAsync(id, cancellationToken).ConfigureAwait(false) : null;
        using Activity? span = record is null
            ? null
            : RunTrace.Start($"steer {record.Agent}", null, ActivityKind.Internal, record);
        span?.SetTag("agentfunctions.act", act);
        try
        {
            return await steer().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            span?.SetTag("error.type", (e as AgentException)?.Code.ToString() ?? e.GetType().FullName)
                .SetStatus(ActivityStatusCode.Error);
            throw;
        }
    }

    /// <summary>Asks a live run to end.</summary>
    public Task CancelAsync(string id, string requester, string? reason, CancellationToken cancellationToken) =>
        orchestrations.RaiseEventAsync(
        id, RunCommand.EventName, new RunCommand(requester) { Cancel = true, Reason = reason }, cancellationToken);

    /// <summary>Holds a run alone.</summary>
    public Task SuspendAsync(string id, string reason, CancellationToken cancellationToken) =>
        orchestrations.SuspendAsync(id, reason, cancellationToken);

    /// <summary>Lets a run alone go on.</summary>
    public Task ResumeAsync(string id, string reason, CancellationToken cancellationToken) =>
        orchestrations.ResumeAsync(id, reason, cancellationToken);

    /// <summary>Before anything is recorded: whether a run may be spoken to, and taken up again where it has ended.</summary>
    public async Task EnsureOpenAsync(string id, string requester, CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        EnsureOpen(run);
        if (run.IsEnded)
        {
            await runs.EnsureKeptAsync(id, cancellationToken).ConfigureAwait(false);
            await admission.EnsureNotStoppedAsync(await runs.GetAsync(id, cancellationToken).ConfigureAwait(false), requester,
                cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>
    /// A sub-agent that has ended has reported, and what it left over is its lead's again: it cannot be taken up.
    /// </summary>
    private static void EnsureOpen(Run run)
    {
        if (run is { IsEnded: true, Parent: { } lead })
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"Run '{run.Id}' is a sub-agent and has reported to its lead; speak to that one, run '{lead}'.");
        }
    }

    /// <summary>Holds the runs below one that were not told to hold yet.</summary>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> SuspendBelowAsync(string id, string reason, ConcurrentDictionary<string, bool> told,
        CancellationToken cancellationToken)
    {
        int before = told.Count;
        await ForEachBelowAsync(
            id, OrchestrationStatus.Running,
            child => told.TryAdd(child, true)
                ? orchestrations.SuspendAsync(child, reason, cancellationToken)
                : Task.CompletedTask,
            cancellationToken).ConfigureAwait(false);
        return told.Count > before;
    }

    public Task ResumeBelowAsync(string id, string reason, CancellationToken cancellationToken) =>
        ForEachBelowAsync(id, OrchestrationStatus.Suspended,
            child => orchestrations.ResumeAsync(child, reason, cancellationToken), cancellationToken);

    /// <summary>Does something to the runs below one that are in a state, the lowest first.</summary>
    private async Task ForEachBelowAsync(string id, OrchestrationStatus status, Func<string, Task> act,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> below = await LiveRuns.BelowAsync(reader, runs, id, cancellationToken).ConfigureAwait(false);
        foreach (IGrouping<int, string> level in below.GroupBy(LiveRuns.DepthOf).OrderByDescending(static level => level.Key))
        {
            await InParallel.ForEachAsync(level, child => ActAsync(child, status, act, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task ActAsync(string child, OrchestrationStatus status, Func<string, Task> act,
        CancellationToken cancellationToken)
    {
        OrchestrationState? state = await orchestrations.GetAsync(child, false, cancellationToken).ConfigureAwait(false);
        bool isPending = status == OrchestrationStatus.Running && state?.Status == OrchestrationStatus.Pending;
        if (state?.Status == status || isPending)
        {
            await act(child).ConfigureAwait(false);
        }
    }

    /// <summary>Hands a command to the loop: by event to a live one, by a new execution to one that has ended.</summary>
    public async Task<Run> CommandAsync(string id, RunCommand command, CancellationToken cancellationToken)
    {
        await orchestrations.RaiseEventAsync(id, RunCommand.EventName, command, cancellationToken).ConfigureAwait(false);
        if (await orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false) is { IsEnded: true } ended
            && !HasHeard(ended, command))
        {
            await RestartAsync(id, command, cancellationToken).ConfigureAwait(false);
        }

        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands a command to a live loop; one that has ended does not hear it.</summary>
    public Task TellAsync(string id, RunCommand command, CancellationToken cancellationToken) =>
        orchestrations.RaiseEventAsync(id, RunCommand.EventName, command, cancellationToken);

    /// <summary>Whether the loop took a message or a keyed grant in before it ended, so that nothing is left to do.</summary>
    private static bool HasHeard(OrchestrationState ended, RunCommand command) =>
        StateOf(ended) is { } state
        && (command.Inbox is { } count
            ? state.InboxShown >= count
            : command.Key is { } key && state.Heard?.Contains(key) == true);

    public async Task RestartAsync(string id, RunCommand command, CancellationToken cancellationToken)
    {
        OrchestrationState ended = (await orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false))!;
        RunState state = StateOf(ended)
            ?? throw new AgentException(ErrorCode.RunStateForbids, $"Run '{id}' ended before its first turn; submit it again.");
        RunRecord run = await runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        state = state.TakenUp() with
        {
            QueueTicket = await admission.ReadmitAsync(run, command.By, cancellationToken).ConfigureAwait(false),
            Inbox = Math.Max(state.Inbox, command.Inbox ?? 0),
            PendingBytes = state.PendingBytes + command.InboxBytes,
            Heard = RunControl.Heard(state, command),
        };
        await index.ResumingAsync(id, state.Turns, cancellationToken).ConfigureAwait(false);
        state = await WithBudgetAsync(id, state, command.Grant, cancellationToken).ConfigureAwait(false);
        // Last, since retention may have begun since it was first looked. The place that it has goes with the next sweep.
        await runs.EnsureKeptAsync(id, cancellationToken).ConfigureAwait(false);
        try
        {
            await orchestrations.ScheduleAsync(
                AgentLoop.Name, state, new StartOptions { InstanceId = id, ReplaceableStatuses = EndedStatuses },
                cancellationToken)
                .ConfigureAwait(false);
            if (state.QueueTicket is not null)
            {
                await admission.ScheduledAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // Somebody else took it up in the meantime: it hears the command like any live run.
            await orchestrations.RaiseEventAsync(id, RunCommand.EventName, command, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>With what it is granted, and without what forks have taken since it was last taken up.</summary>
    private async Task<RunState> WithBudgetAsync(string id, RunState state, Budget? grant, CancellationToken cancellationToken)
    {
        Budget budget = state.Limits.Budget;
        if (!budget.IsUnlimited)
        {
            TakenParts taken = await TakenBudget.TakeUpAsync(records, id, state.Resumptions ?? 0, cancellationToken)
                .ConfigureAwait(false);
            budget = budget.Minus(taken.Beyond(state.Taken));
            state = state with { Taken = taken.Sum().IsUnlimited ? null : taken.Sum() };
        }

        return state with { Limits = state.Limits with { Budget = budget.Plus(grant ?? new()) } };
    }

    public static RunState? StateOf(OrchestrationState ended) =>
        (ended.Status == OrchestrationStatus.Completed ? DurableJson.Deserialize<RunOutcome>(ended.Output)?.State : null)
        ?? DurableJson.Deserialize<RunState>(ended.CustomStatus);

    /// <summary>A run that has not ended.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: it has.</exception>
    public async Task<Run> LiveAsync(string id, string verb, CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        EnsureLive(run, verb);
        return run;
    }

    /// <summary>Refuses what can only be done with a run that has not ended.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>.</exception>
    public static void EnsureLive(Run run, string verb)
    {
        if (run.IsEnded)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"Run '{run.Id}' has ended as {Name(run.Status)}; only a run that has not can be {verb}.");
        }
    }

    public static string Name(RunStatus status) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(status.ToString());
}
