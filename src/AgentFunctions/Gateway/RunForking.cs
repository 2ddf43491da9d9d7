using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>Starts new runs from a turn of another: with other instructions, another model or fewer tools.</summary>
/// <remarks>
/// What the tools of the first run did to the world stays done. The fork has a folder of its own, as that of the run was at the
/// end of the turn, or works in the same. A fork is judged as a submission by its caller would be now.
/// </remarks>
public sealed class RunForking
{
    private readonly RunAdmission _admission;
    private readonly ForkDrafts _drafts;
    private readonly RunStore _runs;
    private readonly RunReader _reader;

    internal RunForking(RunAdmission admission, ForkDrafts drafts, RunStore runs, RunReader reader) =>
        (_admission, _drafts, _runs, _reader) = (admission, drafts, runs, reader);

    /// <summary>Ensures that a caller may have a fork, before anything is done for it.</summary>
    internal async Task EnsureAsync(string id, ForkRequest request, Caller caller, CancellationToken cancellationToken) =>
        await _drafts.EnsureAsync(await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false), request, caller,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Starts a new run from a turn of another, which stays as it is.</summary>
    /// <param name="id">The run to start from.</param>
    /// <param name="request">The request.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the program itself.</param>
    /// <param name="idempotencyKey">
    /// Makes the submission safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait; the run may have been started.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>,
    /// <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>.
    /// <see cref="ErrorCode.InvalidInput"/>: a field is wrong, or the run has no such turn.
    /// <see cref="ErrorCode.RunStateForbids"/>: it has not begun; or it is live and its budget cannot be in two places, so that
    /// the request must name one; or nothing is left of its budget.
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the key was used for another request.
    /// <see cref="ErrorCode.Stopped"/>, <see cref="ErrorCode.NotAllowed"/>, <see cref="ErrorCode.QuotaExceeded"/>: the message
    /// names the rule.
    /// </exception>
    public async Task<Run> ForkAsync(
        string id, ForkRequest request, Caller? caller = null, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        caller ??= Caller.Local;
        var order = new RunOrder(caller, async (newId, _, token) => await _drafts.DraftAsync(
            await _runs.GetAsync(id, token).ConfigureAwait(false), request, caller, newId, token).ConfigureAwait(false))
        {
            Request = idempotencyKey is null
                ? null
                : new KeyedRequest(
                    caller.Id, idempotencyKey,
                    JsonSerializer.SerializeToUtf8Bytes(new ForkClaim(id, request), GatewayJsonContext.Default.ForkClaim)),
            Starts = true,
        };
        AdmittedRun admitted = await _admission.AdmitAsync(order, cancellationToken).ConfigureAwait(false);
        return await _reader.GetAsync(admitted.Record.Id, CancellationToken.None).ConfigureAwait(false);
    }
}

/// <summary>What an idempotency key of a fork stands for.</summary>
/// <param name="Id">The run to start from.</param>
/// <param name="Request">From where and how.</param>
internal sealed record ForkClaim(string Id, ForkRequest Request);
