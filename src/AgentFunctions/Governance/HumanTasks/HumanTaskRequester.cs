namespace AgentFunctions.Governance.HumanTasks;

/// <summary>
/// Asks people, and at every look reminds, escalates and expires: the runs' side of all that waits for a person.
/// </summary>
/// <typeparam name="TTask">The kind of task.</typeparam>
/// <param name="store">Where the tasks are recorded.</param>
/// <param name="time">The clock.</param>
internal abstract class HumanTaskRequester<TTask>(HumanTaskStore<TTask> store, TimeProvider time)
    where TTask : class, IHumanTask<TTask>
{
    /// <summary>Gets where the tasks are recorded.</summary>
    protected HumanTaskStore<TTask> Store { get; } = store;

    /// <summary>Gets the present time (UTC).</summary>
    protected DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Asks people. Safe to repeat after a crash.</summary>
    /// <param name="asked">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The task as it is recorded.</returns>
    public async Task<TTask> RequestAsync(TTask asked, CancellationToken cancellationToken)
    {
        await Store.AddAsync(asked.RemindedAt(asked.CreatedAt + asked.Timers.Remind), cancellationToken).ConfigureAwait(false);
        (TTask task, _) = (await Store.FindAsync(asked.Id, cancellationToken).ConfigureAwait(false))!.Value;
        await RecordAskedAsync(task, cancellationToken).ConfigureAwait(false);
        return task.Reminders > 0 || !task.IsPending ? task : await TellAsync(task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets where a task stands now; does what its timers ask for.</summary>
    /// <param name="id">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<TTask> CheckAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Now;
        TTask task = await Store.ChangeAsync(
            id, before => before.IsPending && before.ExpiresAt <= now ? before.Expire(now) : before, cancellationToken)
            .ConfigureAwait(false);
        if (!task.IsPending)
        {
            await RecordEndAsync(task, cancellationToken).ConfigureAwait(false);
            return task;
        }

        bool remind = task.RemindAt <= now;
        bool escalate = HumanTaskSchedule.IsEscalationDue(task, now);
        if (escalate)
        {
            task = await Store.ChangeAsync(
                id, before => before.EscalatedAt is null ? before.Escalate(now) : before, cancellationToken)
                .ConfigureAwait(false);
            await RecordEscalatedAsync(task, cancellationToken).ConfigureAwait(false);
        }

        return remind || escalate ? await TellAsync(task, cancellationToken).ConfigureAwait(false) : task;
    }

    /// <summary>Closes a task whose answer the run has used, or that nobody needs any more.</summary>
    /// <param name="id">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The task as it is recorded now.</returns>
    public async Task<TTask> SettleAsync(string id, CancellationToken cancellationToken)
    {
        TTask settled = await Store.ChangeAsync(
            id, static before => before.IsPending ? before.Withdraw() : before, cancellationToken).ConfigureAwait(false);
        await Store.SettleAsync(settled, cancellationToken).ConfigureAwait(false);
        return settled;
    }

    /// <summary>Writes down that people are asked.</summary>
    protected abstract Task RecordAskedAsync(TTask task, CancellationToken cancellationToken);

    /// <summary>Writes down that a task went to further roles.</summary>
    protected abstract Task RecordEscalatedAsync(TTask task, CancellationToken cancellationToken);

    /// <summary>Writes down how a task ended, where the one who ended it does not.</summary>
    protected abstract Task RecordEndAsync(TTask task, CancellationToken cancellationToken);

    /// <summary>Writes down attempts to tell people.</summary>
    protected abstract Task RecordToldAsync(TTask task, IReadOnlyList<HumanTaskDelivery> told,
        CancellationToken cancellationToken);

    /// <summary>Tells those who may decide now.</summary>
    /// <returns>Each attempt, those that failed too.</returns>
    protected abstract Task<IReadOnlyList<HumanTaskDelivery>> DeliverAsync(TTask task, CancellationToken cancellationToken);

    private async Task<TTask> TellAsync(TTask task, CancellationToken cancellationToken)
    {
        IReadOnlyList<HumanTaskDelivery> told = await DeliverAsync(task, cancellationToken).ConfigureAwait(false);
        // Before the record says it: a host that dies between the two tells again under the same key, and both are in the log.
        if (told.Count > 0)
        {
            await RecordToldAsync(task, told, cancellationToken).ConfigureAwait(false);
        }

        DateTimeOffset now = Now;
        bool isLost = told.Count > 0 && told.All(static delivery => delivery.Error is not null);
        return await Store.ChangeAsync(
            task.Id, before => before.Told(told, now + HumanTaskSchedule.Pause(before, isLost)), cancellationToken)
            .ConfigureAwait(false);
    }
}
