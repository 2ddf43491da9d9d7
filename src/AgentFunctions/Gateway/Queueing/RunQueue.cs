using AgentFunctions.Durability;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>
/// Gives runs their places. A run over the limits is started like any other, and waits in its first step until it is told that it
/// has a place; so the queue needs no more of an engine than runs do. Who has a place and who waits is one record.
/// </summary>
internal sealed class RunQueue(IRecordStore records, IOrchestrationClient orchestrations, IOptions<GatewayOptions> options,
    TimeProvider time)
    : IRunEndObserver
{
    /// <summary>
    /// How long after it was last heard of a run may be unknown to the engine: it is about to be scheduled.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly ConcurrencyOptions _options = options.Value.Concurrency;
    private readonly QueueLimits _limits = new(options.Value.Concurrency);
    private readonly SharedRecord<QueueState> _state = new(
        records, "gateway/queue", static () => QueueingJsonContext.Default.QueueState, new QueueState(), time);

    /// <summary>Gets whether there are any limits.</summary>
    public bool IsConfigured => _options.IsConfigured;

    /// <summary>
    /// Gives a run a place, or puts it into the queue; the same run once. From then on it has half a minute to be scheduled, or to
    /// be entered again.
    /// </summary>
    /// <returns>Its ticket where it has to wait.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.QuotaExceeded"/>: the queue is full.</exception>
    public async Task<long?> EnterAsync(RunRecord run, CancellationToken cancellationToken)
    {
        if (!IsConfigured)
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        (bool isFull, long? ticket) = await ChangeAsync(before =>
        {
            if (before.Active.Find(active => active.Id == run.Id) is { } known)
            {
                return (Seen(before, known, now), (false, known.IsTold ? (long?)null : known.Ticket));
            }

            if (before.Waiting.Find(waiting => waiting.Id == run.Id) is { } queued)
            {
                return (Seen(before, queued, now), (false, queued.Ticket));
            }

            QueuedRun entry = _limits.EntryOf(run, before.LastTicket + 1, now);
            QueueState after = (before with { LastTicket = entry.Ticket, Waiting = before.Waiting.Add(entry) }).Promoted(_limits,
                now);
            if (after.Active.Find(active => active.Ticket == entry.Ticket) is { } started)
            {
                // Its first step learns of it by not having a ticket.
                return (after with { Active = after.Active.Replace(started, started with { IsTold = true }) }, (false, null));
            }

            return after.Waiting.Count > _options.MaxQueued ? (before, (true, null)) : (after, (false, entry.Ticket));
        }, cancellationToken).ConfigureAwait(false);
        return isFull
            ? throw new AgentException(
                ErrorCode.QuotaExceeded,
                $"Rule 'Gateway:Concurrency:MaxQueued': {_options.MaxQueued} runs wait for a place already; repeat it later.")
            {
                RetryAfter = TimeSpan.FromMinutes(1),
            }
            : ticket;
    }

    /// <summary>Frees the place of a run that has ended, and starts the next.</summary>
    public async Task LeaveAsync(string runId, CancellationToken cancellationToken)
    {
        if (IsConfigured)
        {
            DateTimeOffset now = time.GetUtcNow();
            await ChangeAsync(before => (before.Without(run => run.Id == runId).Promoted(_limits, now), true), cancellationToken)
                .ConfigureAwait(false);
            await TellAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Frees the place of a run that has ended; sub-agents have none of their own.</summary>
    public Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken) =>
        run.Parent is null ? LeaveAsync(run.Id, cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// Tells runs that have got a place since they were queued. What cannot be told now is told by the next sweep.
    /// </summary>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        QueueState state = await _state.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        var told = new HashSet<long>();
        foreach (QueuedRun run in state.Active.Where(static run => !run.IsTold))
        {
            try
            {
                if (await orchestrations.GetAsync(run.Id, false, cancellationToken).ConfigureAwait(false)
                    is not { IsEnded: false })
                {
                    // It is not scheduled yet. One that is taken up again after its end would not hear of it, without an error.
                    continue;
                }

                await orchestrations.RaiseEventAsync(run.Id, QueueTicket.EventName(run.Ticket), true, cancellationToken)
                    .ConfigureAwait(false);
                told.Add(run.Ticket);
                GatewayTelemetry.Started(run, time.GetUtcNow());
            }
            catch (AgentException)
            {
                // The engine is on its way down.
            }
        }

        if (told.Count > 0)
        {
            await ChangeAsync(before => (before with
            {
                Active = [.. before.Active.Select(run => told.Contains(run.Ticket) ? run with { IsTold = true } : run)],
            }, true), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The runs that have a place, and those that wait, the first first.</summary>
    public async Task<(bool IsLimited, int Active, IReadOnlyList<QueuedRun> Waiting)> LookAsync(
        CancellationToken cancellationToken)
    {
        QueueState state = IsConfigured
            ? await _state.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false)
            : new QueueState();
        return (IsConfigured, state.Active.Count, state.Waiting);
    }

    /// <summary>When the oldest run came that waits for a place; <see langword="null"/> if none does.</summary>
    public async Task<DateTimeOffset?> OldestAsync(CancellationToken cancellationToken) => !IsConfigured
        ? null
        : (await _state.ReadAsync(TimeSpan.Zero, cancellationToken)
            .ConfigureAwait(false)).Waiting.Select(static run => (DateTimeOffset?)run.At).Min();

    /// <summary>
    /// Mends what crashes left: places of runs that ended without freeing them or never began, and runs that were not told.
    /// </summary>
    /// <param name="looksAtRuns">Whether to look for runs that are gone.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task SweepAsync(bool looksAtRuns, CancellationToken cancellationToken)
    {
        QueueState state = await _state.ReadAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (state.Active.IsEmpty && state.Waiting.IsEmpty)
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        var gone = new HashSet<(long Ticket, DateTimeOffset? SeenAt)>();
        foreach (QueuedRun run in looksAtRuns ? state.Active.AddRange(state.Waiting) : [])
        {
            OrchestrationState? known = await orchestrations.GetAsync(run.Id, false, cancellationToken).ConfigureAwait(false);
            if (known is null
                ? LastSeen(run) + Grace < now
                : known.IsEnded && (known.LastUpdatedAt > run.At || (run.SeenAt ?? run.At) + Grace < now))
            {
                gone.Add((run.Ticket, run.SeenAt));
            }
        }

        await ChangeAsync(
            before => (before.Without(run => gone.Contains((run.Ticket, run.SeenAt))).Promoted(_limits, now), true),
            cancellationToken).ConfigureAwait(false);
        await TellAsync(cancellationToken).ConfigureAwait(false);
    }

    private static DateTimeOffset LastSeen(QueuedRun run) => run.SeenAt ?? run.StartedAt ?? run.At;

    /// <summary>With a run that was heard of again, where a sweep might soon take it for gone.</summary>
    private static QueueState Seen(QueueState state, QueuedRun run, DateTimeOffset now) =>
        LastSeen(run) + (Grace / 2) < now ? state.With(run with { SeenAt = now }) : state;

    private async Task<TResult> ChangeAsync<TResult>(Func<QueueState, (QueueState, TResult)> change,
        CancellationToken cancellationToken)
    {
        QueueState after = new();
        TResult result = await _state.ChangeAsync(
            before =>
            {
                (after, TResult told) = change(before);
                return (after, told);
            },
            cancellationToken).ConfigureAwait(false);
        GatewayTelemetry.Queue(after, time.GetUtcNow());
        return result;
    }
}
