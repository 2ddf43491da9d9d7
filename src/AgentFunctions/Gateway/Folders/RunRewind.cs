using AgentFunctions.Budgets;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Represents a request to rewind a run to a turn.</summary>
/// <param name="Turn">The turn, from 0 (before the first) to the turns of the run.</param>
public sealed record RewindRequest(int Turn)
{
    /// <summary>Gets whether the folder is restored; true by default.</summary>
    public bool Files { get; init; } = true;

    /// <summary>Gets whether this run ends and a new one continues from the turn in the same folder; true by default.</summary>
    public bool Conversation { get; init; } = true;

    /// <summary>Gets the first message to the new run; none by default.</summary>
    public string? Message { get; init; }

    /// <summary>Gets the budget of the new run; by default what is left of the run's.</summary>
    public Budget? Budget { get; init; }

    /// <summary>
    /// Gets whether later changes of others are overwritten; by default they are kept and reported as conflicts.
    /// </summary>
    public bool Overwrite { get; init; }
}

/// <summary>Represents the result of a rewind.</summary>
/// <param name="Run">The run that continues: the new one, or this one if only the folder was restored.</param>
/// <param name="Files">The restore of the folder; <see langword="null"/> if it was left out.</param>
public sealed record RewindReport(Run Run, RestoreReport? Files);

/// <summary>Rewinds runs to a turn: the folder, the conversation, or both. The record of what happened is kept.</summary>
public sealed class RunRewind
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunFolder _folder;
    private readonly RunForking _forking;
    private readonly RunSteering _steering;
    private readonly RunReader _reader;
    private readonly RewindReports _reports;
    private readonly TimeProvider _time;

    internal RunRewind(
        RunFolder folder, RunForking forking, RunSteering steering, RunReader reader, RewindReports reports, TimeProvider time) =>
        (_folder, _forking, _steering, _reader, _reports, _time) = (folder, forking, steering, reader, reports, time);

    /// <summary>Rewinds a run. With the conversation, the run ends as cancelled and a new one continues from the turn.</summary>
    /// <param name="id">The run.</param>
    /// <param name="request">To which turn, and what.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="idempotencyKey">Makes the request safe to repeat; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">
    /// The token to cancel the wait. What has begun is carried through; after a crash, repeat the request to do the rest.
    /// </param>
    /// <exception cref="AgentException">
    /// As for a fork and a restore. <see cref="ErrorCode.RunStateForbids"/>: it is a sub-agent, or it has not ended in time.
    /// </exception>
    public async Task<RewindReport> RewindAsync(
        string id, RewindRequest request, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        if (!request.Files && !request.Conversation)
        {
            throw new AgentException(ErrorCode.InvalidInput, "files: nothing would go back; set files, conversation or both.");
        }

        Run run = await _reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (request.Turn < 0 || request.Turn > run.Turns)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"turn: run '{id}' has {run.Turns} turns that are over; use 0 to {run.Turns}.");
        }

        if (request.Conversation)
        {
            return await ForkAsync(run, request, caller, idempotencyKey, cancellationToken).ConfigureAwait(false);
        }

        RestoreReport report = await RestoreAsync(id, request, caller, idempotencyKey, cancellationToken).ConfigureAwait(false);
        return new RewindReport(run, report);
    }

    private Task<RestoreReport> RestoreAsync(
        string id, RewindRequest request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        return KeyedRequest.Of(caller.Id, key, "rewind", id, $"{request.Turn} {request.Overwrite}") is { } keyed
            ? _reports.OnceAsync(keyed, id, Restore, cancellationToken)
            : Restore(isPreview: false);

        Task<RestoreReport> Restore(bool isPreview)
        {
            var restore = new RestoreRequest(request.Turn) { Overwrite = request.Overwrite, DryRun = isPreview };
            return _folder.RestoreAsync(id, restore, caller, cancellationToken);
        }
    }

    private async Task<RewindReport> ForkAsync(
        Run run, RewindRequest request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        if (run.Parent is { } lead)
        {
            throw new AgentException(ErrorCode.RunStateForbids,
                $"Run '{run.Id}' is a sub-agent: go back in its lead, run '{lead}', or fork it.");
        }

        if (request.Files && (await _folder.ChangesAsync(run.Id, null, cancellationToken)
            .ConfigureAwait(false)).Mode == SnapshotMode.Off)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"files: nothing is kept of the folder of run '{run.Id}'. Set files to false.");
        }

        var fork = new ForkRequest
        {
            Turn = request.Turn,
            Message = request.Message,
            Budget = request.Budget,
            Workspace = ForkFolder.Share,
            IsRewind = true,
            RestoresFolder = request.Files,
            Overwrites = request.Overwrite,
        };
        // Before anything is ended: whether the caller may have the new run at all.
        fork.Validate();
        await _forking.EnsureAsync(run.Id, fork, caller, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        // From here on it is carried through, though its caller leaves: a run that has ended goes on in the new one.
        cancellationToken = CancellationToken.None;
        await EndAsync(run, request.Turn, caller).ConfigureAwait(false);
        // The folder goes back before the new run begins, and once, however often the request is repeated under its key.
        Run next = await _forking.ForkAsync(run.Id, fork, caller, key, cancellationToken).ConfigureAwait(false);
        string words = $"{caller.Id} went back to turn {request.Turn} and goes on in run {next.Id}";
        await _reports.NoteAsync(run.Id, next.Id, words, cancellationToken).ConfigureAwait(false);
        RestoreReport? files = request.Files
            ? await _reports.FindAsync(RewindReports.Of(next.Id), cancellationToken).ConfigureAwait(false)
            : null;
        return new RewindReport(next, files);
    }

    private async Task EndAsync(Run run, int turn, Caller caller)
    {
        if (run.IsEnded)
        {
            return;
        }

        try
        {
            await _steering.CancelAsync(run.Id, caller, $"superseded: {caller.Id} goes back to turn {turn}").ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.RunStateForbids)
        {
            // It has ended meanwhile.
        }

        using var patience = new CancellationTokenSource(Patience, _time);
        try
        {
            await _reader.WaitForEndAsync(run.Id, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new AgentException(ErrorCode.RunStateForbids,
                $"Run '{run.Id}' was asked to end and has not yet; repeat the request.");
        }
    }
}
