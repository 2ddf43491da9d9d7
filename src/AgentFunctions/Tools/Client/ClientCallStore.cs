using System.Globalization;
using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Tools.Client;

/// <summary>Stores the calls that callers execute, one record each, from the moment at which the run begins to wait.</summary>
internal sealed class ClientCallStore(IRecordStore records, TimeProvider time)
{
    /// <summary>Finds a call; <see langword="null"/> if it was not asked for.</summary>
    public async Task<ClientCallRecord?> FindAsync(string runId, int turn, int call, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId, turn, call), cancellationToken).ConfigureAwait(false) is { } stored
            ? Read(stored)
            : null;

    /// <summary>Lists the calls of a turn by their numbers.</summary>
    public async Task<IReadOnlyList<(int Call, ClientCallRecord Record)>> OfTurnAsync(string runId, int turn,
        CancellationToken cancellationToken)
    {
        var found = new List<(int, ClientCallRecord)>();
        string prefix = $"client-calls/{runId}/{turn:D6}/";
        await foreach (StoredRecord stored in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            found.Add((int.Parse(stored.Key.AsSpan(prefix.Length), CultureInfo.InvariantCulture), Read(stored)));
        }

        return found;
    }

    /// <summary>Asks for a call. One that was asked for before a crash waits on.</summary>
    /// <returns>The result if it was answered already; <see langword="null"/> if it waits.</returns>
    public async Task<object?> AskAsync(
        ToolContext context, string tool, JsonElement arguments, TimeSpan patience, CancellationToken cancellationToken)
    {
        while (true)
        {
            ClientCallRecord? known = await FindAsync(context.RunId, context.Turn, context.Call, cancellationToken)
                .ConfigureAwait(false);
            if (known is { State: not ClientCallState.Expired })
            {
                return known.State == ClientCallState.Answered ? ResultOf(known) : null;
            }

            // One that expired is asked for again if a person wanted that.
            DateTimeOffset now = time.GetUtcNow();
            var asked = new ClientCallRecord(tool, arguments, now, now + patience) { Etag = known?.Etag };
            if (await TryPutAsync(context.RunId, context.Turn, context.Call, asked, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }
    }

    /// <summary>Looks what became of a call, and closes it once it has waited long enough.</summary>
    public async Task<Reconciliation> LookAsync(ToolContext context, CancellationToken cancellationToken)
    {
        while (true)
        {
            ClientCallRecord? known = await FindAsync(context.RunId, context.Turn, context.Call, cancellationToken)
                .ConfigureAwait(false);
            switch (known)
            {
                case null:
                    return Reconciliation.DidNotTakeEffect;
                case { State: ClientCallState.Answered }:
                    return ResultOf(known);
                case { State: ClientCallState.Open } when time.GetUtcNow() < known.ExpiresAt:
                    return Reconciliation.StillRunning;
            }

            if (known.State == ClientCallState.Expired || await TryPutAsync(
                context.RunId, context.Turn, context.Call, known with { State = ClientCallState.Expired }, cancellationToken)
                .ConfigureAwait(false))
            {
                return new Reconciliation(
                    ReconciliationVerdict.Unknown,
                    $"It was for the caller of the run to execute, who gave no answer until {known.ExpiresAt.UtcDateTime:u}.");
            }
        }
    }

    /// <summary>Writes a call that has changed, unless somebody else has changed it since it was read.</summary>
    public async Task<bool> TryPutAsync(string runId, int turn, int call, ClientCallRecord record,
        CancellationToken cancellationToken) =>
        await records.TryPutAsync(
            KeyOf(runId, turn, call), JsonSerializer.SerializeToUtf8Bytes(record, ToolsJsonContext.Default.ClientCallRecord),
            RecordCondition.Since(record.Etag), cancellationToken).ConfigureAwait(false) is not null;

    private static Reconciliation ResultOf(ClientCallRecord known) => Reconciliation.TookEffect(
        known.IsError ? ToolOutcome.Failed(ErrorCode.ToolFailed, known.Text!) : known.Text);

    private static ClientCallRecord Read(StoredRecord stored) =>
        JsonSerializer.Deserialize(stored.Value.Span, ToolsJsonContext.Default.ClientCallRecord)! with { Etag = stored.Etag };

    private static string KeyOf(string runId, int turn, int call) => $"client-calls/{runId}/{turn:D6}/{call:D4}";
}
