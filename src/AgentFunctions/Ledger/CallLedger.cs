using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Loop;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Ledger;

/// <summary>How far a tool call has come.</summary>
internal enum LedgerState
{
    /// <summary>It waits for a person, or for room in the review queue; nothing has happened yet.</summary>
    Waiting = 2,

    /// <summary>It was about to be made; whether its effect took place is not known yet.</summary>
    Started = 0,

    /// <summary>It has an outcome.</summary>
    Finished = 1,

    /// <summary>It was made and cut off: nobody can tell its outcome, and a person is asked whether to make it again.</summary>
    Unknown = 3,
}

/// <summary>What is known of one tool call.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="State">How far it has come.</param>
/// <param name="StartedAt">When it was about to be made (UTC).</param>
/// <param name="Outcome">What came of it, once finished.</param>
internal sealed record LedgerEntry(string Tool, LedgerState State, DateTimeOffset StartedAt, ToolOutcome? Outcome = null)
{
    /// <summary>For a finished call that concerns sub-agents: what it asked the loop to do.</summary>
    [JsonInclude]
    internal SwarmRequest? Swarm { get; init; }

    /// <summary>Gets what the policy decided about it.</summary>
    public PolicyDecision? Decision { get; init; }

    /// <summary>Gets the approval that it waits for, or that allowed it.</summary>
    public string? ApprovalId { get; init; }

    /// <summary>Gets the questions that the call has asked people; <see langword="null"/> if it has asked none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? QuestionIds { get; init; }

    /// <summary>
    /// Gets whether the call was begun and acts outside the folder of the run, so that restoring the folder does not undo it. Not
    /// written by earlier versions.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ActsOutside { get; init; }

    /// <summary>
    /// Gets whether its work goes on elsewhere: it waits for a look at it even while its tool cannot be reached.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GoesOn { get; init; }

    /// <summary>Gets how often a person had it made again after its outcome could not be told.</summary>
    public int Repeats { get; init; }

    /// <summary>Which delivery of the step wrote the entry.</summary>
    [JsonInclude]
    internal Guid Delivery { get; init; }

    /// <summary>The version that was read or written; <see langword="null"/> if there was none.</summary>
    [JsonIgnore]
    internal string? Etag { get; init; }

    /// <summary>
    /// Whether this delivery of the step entered the call as begun, and so made it: nobody knows its outcome better.
    /// </summary>
    [JsonIgnore]
    internal bool IsOwner { get; init; }
}

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
    /// Notes that the model has asked for the calls of a turn just now, in an answer that is recorded before any of them is made: none of them can be in the ledger but those that are
    /// entered from here on, so that the first look at each needs no read.
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

    /// <summary>What came of the calls of a turn, by their numbers; those without an outcome are left out.</summary>
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
            if (await FindAsync(runId, turn, 0, cancellationToken).ConfigureAwait(false) is { Outcome: { } only })
            {
                outcomes[0] = only;
            }

            return outcomes;
        }

        await foreach (StoredRecord record in records.ListAsync($"ledger/{runId}/{turn:D6}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (Read(record).Outcome is { } outcome && PlaceOf(record.Key).Call is >= 0 and var call)
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

    /// <summary>Forgets a run: it is being erased.</summary>
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
