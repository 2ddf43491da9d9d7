using AgentFunctions.Gateway;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Reads of the calls of a run what its journal does not tell.</summary>
/// <param name="runId">The run.</param>
/// <param name="calls">The calls that callers execute.</param>
/// <param name="results">The results.</param>
internal sealed class CallReader(string runId, ClientCalls calls, CallResults results)
{
    /// <summary>What is shorter than this is whole in the journal, in characters.</summary>
    private const int Cut = 300;

    /// <summary>Tells whether the caller of the run was asked to execute a call.</summary>
    public async Task<bool> IsOfClientAsync(int turn, int call, CancellationToken cancellationToken) =>
        await calls.FindAsync($"{runId}/{turn}/{call}", cancellationToken) is not null;

    /// <summary>Gets the result of a call, as long as a model is shown it.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn, from 0.</param>
    /// <param name="told">What the journal has of it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<string> ResultAsync(int turn, int call, string told, CancellationToken cancellationToken) =>
        told.Length < Cut ? told : await results.FindAsync(runId, turn, call, cancellationToken) ?? told;
}
