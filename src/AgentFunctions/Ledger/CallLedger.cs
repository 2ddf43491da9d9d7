using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Ledger;

/// <summary>
/// The record of every tool call under its idempotency key <c>run/turn/call</c>: what makes sure that no effect happens
/// twice. A tool with effects is entered as started before it runs; a finished call is never made again.
/// </summary>
internal sealed class CallLedger(IRecordStore records)
{
    /// <summary>The place, among the calls of a turn, of the acceptance command that checks the turn's answer.</summary>
    internal const int Acceptance = ToolContext.AcceptanceCall;

    private const string AcceptanceKey = "acceptance";

    /// <summary>How many runs' last outcomes stay in memory.</summary>
    private const int CachedRuns = 512;

    /// <summary>
    /// What came of the first call of a run's last turn, where nobody else writes to the store: the next request shows it.
    /// </summary>
    private readonly LruCache<string, (int Turn, ToolOutcome Outcome)> _last = new(CachedRuns);

    /// <summary>Runs whose calls of one turn are all known to this process, where nobody else writes to the store.</summary>
    private readonly LruCache<string, TurnCalls> _turns = new(CachedRuns);

    /// <summary>
    /// Notes that the model has asked for the calls of a turn just now, in an answer that is recorded before any of them is made:
    /// none of them can be in the ledger but those that are entered from here on, so that the first look at each needs no read.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    internal void Asked(string runId, int turn)
    {
        // A turn that is there already has calls which another delivery of the step has led to.
        if (!records.IsShared && !(_turns.TryGet(runId, out TurnCalls? known) && known.Turn == turn))
        {
            _turns.Set(runId, new TurnCalls(turn, IsNew: true));
        }
    }

    /// <summary>What is known of a call, or <see langword="null"/>.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<LedgerEntry?> FindAsync(string runId, int turn, int call, CancellationToken cancellationToken = default)
    {
        if (_turns.TryGet(runId, out TurnCalls? known) && known.Turn == turn && known.IsMissing(call))
        {
            return null;
        }

        StoredRecord? record = await records.GetAsync(Key(runId, turn, call), cancellationToken).ConfigureAwait(false);
        return record is null ? null : Read(record) with { Etag = record.Etag };
    }

    /// <summary>
    /// What came of the calls of a turn, by their numbers. One that was begun and has no outcome may or may not have taken effect,
    /// and says so; those that were not made are left out.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="calls">How many calls it has.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<IReadOnlyDictionary<int, ToolOutcome>> OutcomesAsync(string runId, int turn, int calls,
        CancellationToken cancellationToken)
    {
        var outcomes = new Dictionary<int, ToolOutcome>();
        if (calls == 1)
        {
            if (_last.TryGet(runId, out (int Turn, ToolOutcome Outcome) last) && last.Turn == turn)
            {
                outcomes[0] = last.Outcome;
                return outcomes;
            }

            // One read costs less than a listing, and most turns have one call.
            if ((await FindAsync(runId, turn, 0, cancellationToken).ConfigureAwait(false))?.Told is { } only)
            {
                outcomes[0] = only;
            }

            return outcomes;
        }

        await foreach (StoredRecord record in records.ListAsync($"ledger/{runId}/{turn:D6}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (Read(record).Told is { } outcome && PlaceOf(record.Key).Call is >= 0 and var call)
            {
                outcomes[call] = outcome;
            }
        }

        return outcomes;
    }

    /// <summary>
    /// Enters how far a call has come, if nobody has since it was looked up: an engine may deliver one step twice at once.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="entry">What is known now, with the version that was found.</param>
    /// <param name="cancellationToken">The token to cancel the wait; it may have been written.</param>
    /// <returns>The entry with its new version; whoever enters a call as begun owns it.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: another delivery was first; the call must not be made.
    /// </exception>
    internal async Task<LedgerEntry> EnterAsync(string runId, int turn, int call, LedgerEntry entry,
        CancellationToken cancellationToken)
    {
        entry = entry with { Delivery = Guid.NewGuid() };
        string? etag = await TryWriteAsync(runId, turn, call, entry, cancellationToken).ConfigureAwait(false);
        if (etag is null)
        {
            // A store's client repeats a write whose answer was lost, and then meets what it has written itself.
            LedgerEntry? other = await FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false);
            etag = other?.Delivery == entry.Delivery ? other!.Etag! : throw TakenUp(runId, turn, call);
        }

        return entry with { Etag = etag, IsOwner = entry.State == LedgerState.Started };
    }

    /// <summary>
    /// Enters the outcome of a call. Where several deliveries of the step have one, the first that is entered counts; only
    /// that nobody can tell gives way to the delivery that made the call.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="entry">What is known now, with its outcome and the version that was found or entered.</param>
    /// <param name="cancellationToken">The token to cancel the wait; it may have been written.</param>
    /// <returns>The entry that counts.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: another delivery is at the call; repeat the step.
    /// </exception>
    internal async Task<LedgerEntry> FinishAsync(string runId, int turn, int call, LedgerEntry entry,
        CancellationToken cancellationToken)
    {
        LedgerEntry finished = entry with { State = LedgerState.Finished };
        try
        {
            while (true)
            {
                Task<string?> written = TryWriteAsync(runId, turn, call, finished, cancellationToken);
                // Now, and not when it is written: the engine may have come to the next request by then.
                Remember(runId, turn, call, finished.Outcome!);
                if (await written.ConfigureAwait(false) is not null)
                {
                    return finished;
                }

                _last.Remove(runId);
                LedgerEntry? other = await FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false);
                if (other is { State: LedgerState.Finished, Outcome: { } outcome }
                    && !(entry.IsOwner && outcome.Code == ErrorCode.ToolOutcomeUnknown))
                {
                    return other;
                }

                if (!entry.IsOwner)
                {
                    throw TakenUp(runId, turn, call);
                }

                // What a person is being asked about it stays findable.
                finished = finished with { Etag = other?.Etag, ApprovalId = other?.ApprovalId ?? entry.ApprovalId };
            }
        }
        catch
        {
            _last.Remove(runId);
            throw;
        }
    }

    /// <summary>Writes what is known of a call. Durable when it returns.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="entry">What is known.</param>
    /// <param name="cancellationToken">The token to cancel the wait; it may have been written.</param>
    public Task WriteAsync(string runId, int turn, int call, LedgerEntry entry, CancellationToken cancellationToken = default)
    {
        NoteEntered(runId, turn, call);
        return records.PutAsync(
            Key(runId, turn, call),
            JsonSerializer.SerializeToUtf8Bytes(entry, LedgerJsonContext.Default.LedgerEntry),
            default,
            cancellationToken);
    }

    /// <summary>The calls with effects of a run that have begun and have no outcome yet.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="tool">Only those of this tool; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<IReadOnlyList<PendingEffect>> StartedAsync(string runId, string? tool,
        CancellationToken cancellationToken)
    {
        var begun = new List<PendingEffect>();
        await foreach (StoredRecord record in records.ListAsync($"ledger/{runId}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            LedgerEntry entry = Read(record);
            if (entry.State is LedgerState.Started or LedgerState.Unknown && (tool is null || entry.Tool == tool))
            {
                (int turn, int call) = PlaceOf(record.Key);
                begun.Add(new PendingEffect(runId, turn, call, entry.Tool, entry.StartedAt));
            }
        }

        return begun;
    }

    /// <summary>The entries of a run's calls, and of those of its sub-agents, that acted outside its folder.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async IAsyncEnumerable<(string Run, int Turn, LedgerEntry Entry)> ActedOutsideAsync(
        string runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Ids of sub-agents begin with the id of their lead and a dot.
        foreach (string prefix in new[] { $"ledger/{runId}/", $"ledger/{runId}." })
        {
            await foreach (StoredRecord record in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
            {
                LedgerEntry entry = Read(record);
                if (entry.ActsOutside)
                {
                    yield return (record.Key.Split('/')[1], PlaceOf(record.Key).Turn, entry);
                }
            }
        }
    }

    /// <returns>The new version; <see langword="null"/> if the entry has changed since it was read.</returns>
    private Task<string?> TryWriteAsync(string runId, int turn, int call, LedgerEntry entry, CancellationToken cancellationToken)
    {
        NoteEntered(runId, turn, call);
        return records.TryPutAsync(
            Key(runId, turn, call), JsonSerializer.SerializeToUtf8Bytes(entry, LedgerJsonContext.Default.LedgerEntry),
            RecordCondition.Since(entry.Etag),
            cancellationToken);
    }

    /// <summary>Forgets a run, which is being erased or has ended. What is not erased is read again when it is needed.</summary>
    internal void Forget(string runId)
    {
        _last.Remove(runId);
        _turns.Remove(runId);
    }

    /// <summary>Before a write, whose outcome may stay unknown: from here on the store alone knows of the call.</summary>
    private void NoteEntered(string runId, int turn, int call)
    {
        if (records.IsShared)
        {
            return;
        }

        if (!_turns.TryGet(runId, out TurnCalls? known) || known.Turn != turn)
        {
            _turns.Set(runId, known = new TurnCalls(turn, IsNew: false));
        }

        known.Enter(call);
    }

    /// <summary>Keeps an outcome that stands for good: only that nobody can tell gives way to another.</summary>
    private void Remember(string runId, int turn, int call, ToolOutcome outcome)
    {
        if (call == 0 && !records.IsShared && outcome.Code != ErrorCode.ToolOutcomeUnknown)
        {
            _last.Set(runId, (turn, outcome));
        }
    }

    private static AgentException TakenUp(string runId, int turn, int call) => new(
        ErrorCode.EngineUnavailable,
        $"Call {call} of turn {turn} of run '{runId}' is in progress in another delivery of this step. Repeat it to read the outcome.");

    private static LedgerEntry Read(StoredRecord record) =>
        JsonSerializer.Deserialize(record.Value.Span, LedgerJsonContext.Default.LedgerEntry)!;

    private static string Key(string runId, int turn, int call) =>
        call == Acceptance ? $"ledger/{runId}/{turn:D6}/{AcceptanceKey}" : $"ledger/{runId}/{turn:D6}/{call:D4}";

    private static (int Turn, int Call) PlaceOf(string key)
    {
        string[] parts = key.Split('/');
        return (
            int.Parse(parts[^2], CultureInfo.InvariantCulture),
            parts[^1] == AcceptanceKey ? Acceptance : int.Parse(parts[^1], CultureInfo.InvariantCulture));
    }

    /// <summary>The calls of a turn that may be in the ledger.</summary>
    /// <param name="Turn">The turn.</param>
    /// <param name="IsNew">Whether the others are known not to be there.</param>
    private sealed record TurnCalls(int Turn, bool IsNew)
    {
        private readonly HashSet<int> _entered = [];

        public bool IsMissing(int call)
        {
            lock (_entered)
            {
                return IsNew && !_entered.Contains(call);
            }
        }

        public void Enter(int call)
        {
            lock (_entered)
            {
                _entered.Add(call);
            }
        }
    }
}
