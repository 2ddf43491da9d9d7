using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>Admits runs and routes them to an agent.</summary>
public sealed class AgentGateway
{
    private readonly RunAdmission _admission;
    private readonly SubmissionDrafts _drafts;
    private readonly RunReader _reader;
    private readonly RequestKeys _keys;
    private readonly TimeProvider _time;

    internal AgentGateway(RunAdmission admission, SubmissionDrafts drafts, RunReader reader, RequestKeys keys,
        TimeProvider time) =>
        (_admission, _drafts, _reader, _keys, _time) = (admission, drafts, reader, keys, time);

    /// <summary>Admits a goal. The run is recorded durably when this returns.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the program itself.</param>
    /// <param name="idempotencyKey">
    /// Makes the submission safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait. A run that was admitted is not rolled back.</param>
    /// <returns>
    /// The run: the first one where the key and the request were submitted before, whatever became of its agent, tools or quota
    /// since.
    /// </returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>,
    /// <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>: nothing was admitted, and the key is free.
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the key was used for another request.
    /// <see cref="ErrorCode.Stopped"/>, <see cref="ErrorCode.NotAllowed"/>, <see cref="ErrorCode.QuotaExceeded"/>: the message
    /// names the rule.
    /// </exception>
    public async Task<Run> SubmitAsync(
        RunRequest request, Caller? caller = null, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        AdmittedRun admitted = await _admission
            .AdmitAsync(OrderOf(request, caller ?? Caller.Local, idempotencyKey, null) with { Starts = true }, cancellationToken)
            .ConfigureAwait(false);
        return await _reader.GetAsync(admitted.Record.Id, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Gets an id for a run that is submitted later, for programs that must name it before.</summary>
    public string NewRunId() => RunId.New(_time.GetUtcNow());

    /// <summary>Admits a goal under an id of <see cref="NewRunId"/>. Only who was given the id may use it.</summary>
    /// <param name="id">The id.</param>
    /// <param name="request">The goal.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="idempotencyKey">Makes the submission safe to repeat. At most 200 characters.</param>
    /// <param name="cancellationToken">The token to cancel the wait. A run that was admitted is not rolled back.</param>
    /// <returns>The run.</returns>
    /// <exception cref="AgentException">As for a submission without an id.</exception>
    public async Task<Run> SubmitWithIdAsync(
        string id, RunRequest request, Caller caller, string idempotencyKey, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(idempotencyKey);
        AdmittedRun admitted = await _admission
            .AdmitAsync(OrderOf(request, caller, idempotencyKey, null) with { Id = id, Starts = true }, cancellationToken)
            .ConfigureAwait(false);
        return await _reader.GetAsync(admitted.Record.Id, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Gets whether a caller may submit goals to an agent. The goal itself is judged when it is submitted.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="agent">The agent's name.</param>
    public bool MayAsk(Caller caller, string agent) => _drafts.MayAsk(caller, agent);

    /// <summary>Admits a goal for an orchestrator that starts the run itself, as its sub-orchestration.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="idempotencyKey">Makes it safe to repeat; <see langword="null"/> for none.</param>
    /// <param name="narrow">Changes the definition for this run alone; <see langword="null"/> to leave it.</param>
    /// <param name="cancellationToken">The token to cancel the wait. A run that was admitted is not rolled back.</param>
    /// <param name="id">
    /// The id that the run shall have, where the orchestrator made it; <see langword="null"/> for a new one.
    /// </param>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    internal Task<AdmittedRun> AdmitAsync(
        RunRequest request, Caller caller, string? idempotencyKey, Func<AgentDefinition, Task<AgentDefinition>>? narrow,
        CancellationToken cancellationToken, string? id = null) =>
        _admission.AdmitAsync(OrderOf(request, caller, idempotencyKey, narrow) with { Id = id }, cancellationToken);

    /// <summary>
    /// Returns the run of a key if it has not ended, and submits a new one otherwise. For programs that a person interrupts and
    /// restarts.
    /// </summary>
    /// <param name="request">The goal, should a new run be needed.</param>
    /// <param name="key">What makes it the same work. At most 200 characters.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the program itself.</param>
    /// <param name="cancellationToken">The token to cancel the wait. A run that was admitted is not rolled back.</param>
    /// <returns>The run, and whether it was there already.</returns>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    public async Task<(Run Run, bool Resumed)> SubmitOrResumeAsync(
        RunRequest request, string key, Caller? caller = null, CancellationToken cancellationToken = default)
    {
        caller ??= Caller.Local;
        if (await _keys.FindAsync(caller.Id, key, cancellationToken).ConfigureAwait(false) is { } id
            && await _reader.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } run)
        {
            if (!run.IsEnded)
            {
                return (run, true);
            }

            await _keys.ForgetAsync(caller.Id, key, id, cancellationToken).ConfigureAwait(false);
        }

        return (await SubmitAsync(request, caller, key, cancellationToken).ConfigureAwait(false), false);
    }

    private RunOrder OrderOf(RunRequest request, Caller caller, string? key, Func<AgentDefinition, Task<AgentDefinition>>? narrow)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        RunRequest draft = request.WithGoal();
        return new RunOrder(caller, (id, known, cancellationToken) => _drafts.DraftAsync(draft, caller, narrow, id, known,
            cancellationToken))
        {
            Request = key is null
                ? null
                : new KeyedRequest(caller.Id, key,
                    JsonSerializer.SerializeToUtf8Bytes(request, GatewayJsonContext.Default.RunRequest)),
        };
    }
}
