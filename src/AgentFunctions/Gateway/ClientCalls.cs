using System.Globalization;
using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using AgentFunctions.Tools.Client;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>
/// Lists and answers the calls that callers of runs execute themselves (<see cref="RunRequest.ClientTools"/>). A call waits as a
/// job does: without a host, over restarts, until it is answered or expires.
/// </summary>
public sealed class ClientCalls
{
    /// <summary>The longest answer, in bytes.</summary>
    private const int MaxAnswer = 1024 * 1024;

    private readonly ClientCallStore _store;
    private readonly SteeringRights _rights;
    private readonly SteeringRecords _records;
    private readonly RunReader _reader;
    private readonly IOrchestrationClient _orchestrations;

    internal ClientCalls(
        ClientCallStore store, SteeringRights rights, SteeringRecords records, RunReader reader,
        IOrchestrationClient orchestrations) =>
        (_store, _rights, _records, _reader, _orchestrations) = (store, rights, records, reader, orchestrations);

    /// <summary>Lists the calls that a run waits for its caller to execute, in their order.</summary>
    /// <param name="run">The run as it was read.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ClientCall>> ListOpenAsync(Run run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        // A run shows some of its waits only, but never some of a turn and none of another.
        int[] turns = [.. run.Waits.Where(static wait => wait.Kind == RunWaiting.Caller && wait.Id is not null)
            .Select(static wait => ReadId(wait.Id!).Turn).Distinct().Order()];
        var open = new List<ClientCall>();
        foreach (int turn in turns)
        {
            open.AddRange((await _store.OfTurnAsync(run.Id, turn, cancellationToken).ConfigureAwait(false))
                .Where(static one => one.Record.State == ClientCallState.Open)
                .Select(one => ViewOf(run.Id, turn, one.Call, one.Record)));
        }

        return open;
    }

    /// <summary>Finds a call, whatever became of it; <see langword="null"/> if it was never asked for.</summary>
    /// <param name="id">The call, as <see cref="ClientCall.Id"/>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is not the id of a call.</exception>
    public async Task<ClientCall?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        (string runId, int turn, int call) = ReadId(id);
        return await _store.FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false) is { } found
            ? ViewOf(runId, turn, call, found)
            : null;
    }

    /// <summary>Answers a call. Safe to repeat with the same answer: the first one counts.</summary>
    /// <param name="id">The call, as <see cref="ClientCall.Id"/>.</param>
    /// <param name="answer">What came of it; at most 1 MiB.</param>
    /// <param name="caller">Who answers; it needs the right to steer the run.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The answer may have been recorded.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.NotAllowed"/>.
    /// <see cref="ErrorCode.RunStateForbids"/>: nothing waits for this answer, or no longer; the message says why.
    /// </exception>
    public async Task AnswerAsync(string id, ClientAnswer answer, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(caller);
        (string runId, int turn, int call) = ReadId(id);
        if (answer.Text is null || Encoding.UTF8.GetByteCount(answer.Text) > MaxAnswer)
        {
            throw new AgentException(ErrorCode.InvalidInput, "answer: send text of at most 1 MiB.");
        }

        await _rights.EnsureAsync(runId, caller, RunAct.Steer, cancellationToken).ConfigureAwait(false);
        ClientCallRecord answered = await RecordAsync(id, answer, caller, cancellationToken).ConfigureAwait(false);
        // From the answer on it is carried through, though its caller leaves.
        await _records.AuditAnswerAsync(runId, turn, call, answered, caller, CancellationToken.None).ConfigureAwait(false);
        await _orchestrations.RaiseEventAsync(
            runId, string.Create(CultureInfo.InvariantCulture, $"job:{turn}:{call}"), "answered", CancellationToken.None)
            .ConfigureAwait(false);
    }

    private async Task<ClientCallRecord> RecordAsync(string id, ClientAnswer answer, Caller caller,
        CancellationToken cancellationToken)
    {
        (string runId, int turn, int call) = ReadId(id);
        while (true)
        {
            ClientCallRecord known = await _store.FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false)
                ?? throw Forbidden($"There is no call '{id}' that the caller of the run is to execute.");
            DateTimeOffset now = _records.Now;
            if (known.State == ClientCallState.Answered)
            {
                return known.Text == answer.Text && known.IsError == answer.IsError
                    ? known
                    : throw Forbidden($"Call '{id}' was answered by {known.By} at {known.AnsweredAt?.UtcDateTime:u}, with another answer, which counts.");
            }

            if (known.State == ClientCallState.Expired || known.ExpiresAt <= now)
            {
                throw Forbidden($"Call '{id}' expired at {known.ExpiresAt.UtcDateTime:u}: its outcome counts as unknown.");
            }

            if (await _reader.GetAsync(runId, cancellationToken).ConfigureAwait(false) is { IsEnded: true })
            {
                throw Forbidden($"Run '{runId}' has ended: no answer is needed any more.");
            }

            ClientCallRecord answered = known with
            {
                State = ClientCallState.Answered,
                Text = answer.Text,
                IsError = answer.IsError,
                By = caller.Id,
                AnsweredAt = now,
                AuditFrom = await _records.AuditEndAsync(runId, cancellationToken).ConfigureAwait(false),
            };
            if (await _store.TryPutAsync(runId, turn, call, answered, CancellationToken.None).ConfigureAwait(false))
            {
                return answered;
            }
        }
    }

    private ClientCall ViewOf(string runId, int turn, int call, ClientCallRecord record) => new(
        IdOf(runId, turn, call), runId, turn, call, record.Tool, _records.Mask(record.Arguments), record.At, record.ExpiresAt);

    private static AgentException Forbidden(string message) => new(ErrorCode.RunStateForbids, message);

    private static string IdOf(string runId, int turn, int call) =>
        string.Create(CultureInfo.InvariantCulture, $"{runId}/{turn}/{call}");

    private static (string RunId, int Turn, int Call) ReadId(string id) =>
        id?.Split('/') is [{ Length: > 0 } run, var turn, var call]
        && int.TryParse(turn, NumberStyles.None, CultureInfo.InvariantCulture, out int turnNumber)
        && int.TryParse(call, NumberStyles.None, CultureInfo.InvariantCulture, out int callNumber)
            ? (run, turnNumber, callNumber)
            : throw new AgentException(ErrorCode.InvalidInput, $"call: '{id}' is not the id of a call; use run/turn/call.");
}
