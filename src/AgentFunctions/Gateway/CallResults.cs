using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;

namespace AgentFunctions.Gateway;

/// <summary>
/// Reads what tools of runs returned, as long as a model is shown it; events of the journal have only the beginning.
/// </summary>
public sealed class CallResults
{
    /// <summary>
    /// How often a result is looked for that its event tells of: another process may have written the event first.
    /// </summary>
    private const int Looks = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CallLedger _ledger;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal CallResults(CallLedger ledger, Redactor redactor, TimeProvider time) =>
        (_ledger, _redactor, _time) = (ledger, redactor, time);

    /// <summary>Finds the result of a call that has one, with secrets masked.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn, from 0.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The result; <see langword="null"/> if it is erased.</returns>
    public async Task<string?> FindAsync(string runId, int turn, int call, CancellationToken cancellationToken = default)
    {
        for (int look = 0; ; look++)
        {
            LedgerEntry? entry = await _ledger.FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false);
            if (entry is null || entry.Outcome is not null || look == Looks)
            {
                return _redactor.Redact(entry?.Outcome?.Text);
            }

            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
