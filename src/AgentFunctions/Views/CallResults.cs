using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;

namespace AgentFunctions.Views;

/// <summary>Reads what calls of tools returned, whole; events have the beginning alone.</summary>
public sealed class CallResults
{
    private readonly CallLedger _ledger;
    private readonly Redactor _redactor;

    internal CallResults(CallLedger ledger, Redactor redactor) => (_ledger, _redactor) = (ledger, redactor);

    /// <summary>Gets what a call returned, as the model is shown it, without secrets.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn, from 1.</param>
    /// <param name="call">The number of the call within its turn, from 0.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>The text; <see langword="null"/> if the call has no outcome yet.</returns>
    public async Task<string?> FindAsync(string runId, int turn, int call, CancellationToken cancellationToken = default) =>
        await _ledger.FindAsync(runId, turn, call, cancellationToken).ConfigureAwait(false) is { Outcome: { } outcome }
            ? _redactor.Redact(outcome.Text)
            : null;
}
