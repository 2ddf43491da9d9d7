using System.Text;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway;

/// <summary>Steers runs: talk to them, hold them, let them go on, grant them more, end them.</summary>
public sealed class RunSteering(
    RunReader reader, RunStore runs, Journal journal, Inbox inbox, IOrchestrationClient orchestrations, IRecordStore records, AuditLog audit,
    Redactor redactor, Admission admission, TimeProvider time)
{
    /// <summary>The longest message, in characters.</summary>
    internal const int MaxMessage = 32_768;

    /// <summary>What a message costs beyond its text: role and separators; a generous bound in bytes.</summary>
    internal const int MessageFrame = 256;

    private static readonly OrchestrationStatus[] EndedStatuses =
        [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    /// <summary>
    /// Says something to a run. A live run's model is shown it before its next message, once and in order; a run that has
    /// ended goes on with it.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="text">The words; at most 32,768 characters.</param>
    /// <param name="requester">Who speaks.</param>
    /// <param name="cancellationToken">Stops waiting; the message may have been sent.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/> or <see cref="ErrorCode.InvalidInput"/>.</exception>
    public async Task<Run> SendAsync(string id, string text, string requester = "local", CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxMessage)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"text: use 1 to {MaxMessage} characters.");
        }

        await DemandOpenAsync(id, requester, cancellationToken).ConfigureAwait(false);
        await AuditAsync(AuditTypes.MessageSent, id, requester, text, cancellationToken).ConfigureAwait(false);
        var message = new InboxMessage(text, requester, time.GetUtcNow());
        long count = await inbox.AddAsync(id, message, cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            id, new JournalEvent(JournalEventTypes.MessageReceived, message.At) { Text = text }, cancellationToken).ConfigureAwait(false);
        return await CommandAsync(id, new RunCommand(requester) { Inbox = count, InboxBytes = MessageFrame + Encoding.UTF8.GetByteCount(text) }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets a run spend more. A run that its budget has ended goes on.</summary>
    /// <param name="id">The run.</param>
    /// <param name="more">What comes on top.</param>
    /// <param name="requester">Who grants it.</param>
    /// <param name="cancellationToken">Stops waiting; the grant may have been made.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/> or <see cref="ErrorCode.InvalidInput"/>.</exception>
    public async Task<Run> GrantAsync(string id, Budget more, string requester = "local", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(more);
        more.Validate("budget");
        if (more.IsUnlimited)
        {
            throw new AgentException(ErrorCode.InvalidInput, "budget: name at least one part to grant.");
        }

        await DemandOpenAsync(id, requester, cancellationToken).ConfigureAwait(false);
        await AuditAsync(AuditTypes.RunCommanded, id, requester, $"granted more: {more}", cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            id, new JournalEvent(JournalEventTypes.BudgetGranted, time.GetUtcNow()) { Text = $"by {requester}" }, cancellationToken)
            .ConfigureAwait(false);
        return await CommandAsync(id, new RunCommand(requester) { Grant = more }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks a run to end. What is in flight is cancelled, what was reached stays.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it has ended already.
    /// </exception>
    public async Task<Run> CancelAsync(
        string id, string requester = "local", string? reason = null, CancellationToken cancellationToken = default)
    {
        Run run = await LiveAsync(id, "cancelled", cancellationToken).ConfigureAwait(false);
        await AuditAsync(AuditTypes.RunCommanded, id, requester, $"cancel{(reason is null ? "" : $": {reason}")}", cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            id, new JournalEvent(JournalEventTypes.RunCancelRequested, time.GetUtcNow()) { Text = reason }, cancellationToken)
            .ConfigureAwait(false);
        await orchestrations.RaiseEventAsync(
            id, RunCommand.EventName, new RunCommand(requester) { Cancel = true, Reason = reason }, cancellationToken).ConfigureAwait(false);
        // Held runs hear nothing.
        await ResumeBelowAsync(id, "to be cancelled", cancellationToken).ConfigureAwait(false);
        if (run.Status == RunStatus.Paused)
        {
            await orchestrations.ResumeAsync(id, "to be cancelled", cancellationToken).ConfigureAwait(false);
        }

        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Holds a run: steps in flight finish, no further one starts.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it has ended already.
    /// </exception>
    public async Task<Run> PauseAsync(string id, string requester = "local", CancellationToken cancellationToken = default)
    {
        await LiveAsync(id, "paused", cancellationToken).ConfigureAwait(false);
        await AuditAsync(AuditTypes.RunCommanded, id, requester, "pause", cancellationToken).ConfigureAwait(false);
        var told = new HashSet<string>(StringComparer.Ordinal);
        await SuspendBelowAsync(id, $"paused by {requester}", told, cancellationToken).ConfigureAwait(false);
        await orchestrations.SuspendAsync(id, $"paused by {requester}", cancellationToken).ConfigureAwait(false);
        // Those that were started in between, also by one that was: until a look finds nobody new.
        while (await SuspendBelowAsync(id, $"paused by {requester}", told, cancellationToken).ConfigureAwait(false))
        {
        }

        await journal.AppendAsync(
            id, new JournalEvent(JournalEventTypes.RunPaused, time.GetUtcNow()) { Text = $"by {requester}" }, cancellationToken)
            .ConfigureAwait(false);
        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets a held run go on, or takes up a failed one again from its last good step.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it is neither paused nor failed.
    /// </exception>
    public async Task<Run> ResumeAsync(string id, string requester = "local", CancellationToken cancellationToken = default)
    {
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (run.Status == RunStatus.Paused)
        {
            await ResumeBelowAsync(id, $"resumed by {requester}", cancellationToken).ConfigureAwait(false);
            await orchestrations.ResumeAsync(id, $"resumed by {requester}", cancellationToken).ConfigureAwait(false);
        }
        else if (run.Status == RunStatus.Failed)
        {
            DemandOpen(run);
            await RestartAsync(id, new RunCommand(requester), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"Run '{id}' is {Name(run.Status)}; only a paused or failed run can be resumed.");
        }

        await AuditAsync(AuditTypes.RunCommanded, id, requester, "resume", cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            id, new JournalEvent(JournalEventTypes.RunResumed, time.GetUtcNow()) { Text = $"by {requester}" }, cancellationToken)
            .ConfigureAwait(false);
        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Before anything is recorded: whether a run may be spoken to, and taken up again where it has ended.</summary>
    private async Task DemandOpenAsync(string id, string requester, CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        DemandOpen(run);
        if (run.IsEnded)
        {
            await admission.DemandNotStoppedAsync(await runs.GetAsync(id, cancellationToken).ConfigureAwait(false), requester, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>A sub-agent that has ended has reported, and what it left over is its lead's again: it cannot be taken up.</summary>
    private static void DemandOpen(Run run)
    {
        if (run is { IsEnded: true, Parent: { } lead })
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"Run '{run.Id}' is a sub-agent and has reported to its lead; speak to that one, run '{lead}'.");
        }
    }

    /// <summary>Holds the runs below one that were not told to hold yet.</summary>
    /// <returns>Whether there were any.</returns>
    private async Task<bool> SuspendBelowAsync(string id, string reason, HashSet<string> told, CancellationToken cancellationToken)
    {
        int before = told.Count;
        await ForEachBelowAsync(
            id, OrchestrationStatus.Running, child => told.Add(child) ? orchestrations.SuspendAsync(child, reason, cancellationToken) : Task.CompletedTask,
            cancellationToken).ConfigureAwait(false);
        return told.Count > before;
    }

    private Task ResumeBelowAsync(string id, string reason, CancellationToken cancellationToken) =>
        ForEachBelowAsync(id, OrchestrationStatus.Suspended, child => orchestrations.ResumeAsync(child, reason, cancellationToken), cancellationToken);

    /// <summary>Does something to the runs below one that are in a state, the lowest first.</summary>
    private async Task ForEachBelowAsync(string id, OrchestrationStatus status, Func<string, Task> act, CancellationToken cancellationToken)
    {
        var below = new List<string>();
        await foreach (RunRecord record in runs.ListDescendantsAsync(id, cancellationToken).ConfigureAwait(false))
        {
            below.Add(record.Id);
        }

        foreach (string child in below.OrderByDescending(static child => child.Count(static c => c == ChildName.Separator)))
        {
            OrchestrationState? state = await orchestrations.GetAsync(child, false, cancellationToken).ConfigureAwait(false);
            bool isPending = status == OrchestrationStatus.Running && state?.Status == OrchestrationStatus.Pending;
            if (state?.Status == status || isPending)
            {
                await act(child).ConfigureAwait(false);
            }
        }
    }

    private Task AuditAsync(string type, string runId, string requester, string words, CancellationToken cancellationToken) => audit.AppendAsync(
        new AuditEntry(type) { RunId = runId, Actor = requester, Reason = Activities.Preview.Of(redactor.Redact(words), 1_000) }, cancellationToken);

    /// <summary>Hands a command to the loop: by event to a live one, by a new execution to one that has ended.</summary>
    private async Task<Run> CommandAsync(string id, RunCommand command, CancellationToken cancellationToken)
    {
        await orchestrations.RaiseEventAsync(id, RunCommand.EventName, command, cancellationToken).ConfigureAwait(false);
        if (await orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false) is { IsEnded: true } ended
            && !HasHeard(ended, command))
        {
            await RestartAsync(id, command, cancellationToken).ConfigureAwait(false);
        }

        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the loop took a message in before it ended, so that nothing is left to do.</summary>
    private static bool HasHeard(OrchestrationState ended, RunCommand command) =>
        command.Inbox is { } count && StateOf(ended) is { } state && state.InboxShown >= count;

    private async Task RestartAsync(string id, RunCommand command, CancellationToken cancellationToken)
    {
        OrchestrationState ended = (await orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false))!;
        RunState state = StateOf(ended)
            ?? throw new AgentException(ErrorCode.RunStateForbids, $"Run '{id}' ended before its first turn; submit it again.");
        TakenParts taken = await TakenBudget.ReadAsync(records, id, cancellationToken).ConfigureAwait(false);
        RunRecord run = await runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        state = state with
        {
            QueueTicket = await admission.ReadmitAsync(run, command.By, cancellationToken).ConfigureAwait(false),
            Inbox = Math.Max(state.Inbox, command.Inbox ?? 0),
            PendingBytes = state.PendingBytes + command.InboxBytes,
            LostCalls = 0,
            Refusals = 0,
            Rejections = 0,
            Repairs = 0,
            Limits = state.Limits with { Budget = state.Limits.Budget.Minus(taken.Sum()).Plus(command.Grant ?? new()) },
        };
        try
        {
            await orchestrations.ScheduleAsync(
                AgentLoop.Name, state, new StartOptions { InstanceId = id, ReplaceableStatuses = EndedStatuses }, cancellationToken)
                .ConfigureAwait(false);
            if (state.QueueTicket is not null)
            {
                await admission.ScheduledAsync(cancellationToken).ConfigureAwait(false);
            }

            if (!taken.IsNone())
            {
                await TakenBudget.ClearAsync(records, id, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // Somebody else took it up in the meantime: it hears the command like any live run.
            await orchestrations.RaiseEventAsync(id, RunCommand.EventName, command, cancellationToken).ConfigureAwait(false);
        }
    }

    internal static RunState? StateOf(OrchestrationState ended) =>
        (ended.Status == OrchestrationStatus.Completed ? DurableJson.Deserialize<RunOutcome>(ended.Output)?.State : null)
        ?? DurableJson.Deserialize<RunState>(ended.CustomStatus);

    private async Task<Run> LiveAsync(string id, string verb, CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return run.IsEnded
            ? throw new AgentException(
                ErrorCode.RunStateForbids, $"Run '{id}' has ended as {Name(run.Status)}; only a run that has not can be {verb}.")
            : run;
    }

    private static string Name(RunStatus status) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(status.ToString());
}
