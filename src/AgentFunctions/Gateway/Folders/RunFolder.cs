using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Views;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Reads the changes in the folders of runs, and restores earlier states.</summary>
public sealed class RunFolder
{
    private readonly FolderSnapshots _snapshots;
    private readonly TurnEnds _turns;
    private readonly FolderRestore _restore;
    private readonly RunStore _runs;
    private readonly RunReader _reader;
    private readonly ProtectedPaths? _governing;

    internal RunFolder(FolderSnapshots snapshots, TurnEnds turns, FolderRestore restore, RunStore runs, RunReader reader,
        ProtectedPaths? governing) =>
        (_snapshots, _turns, _restore, _runs, _reader, _governing) = (snapshots, turns, restore, runs, reader, governing);

    /// <summary>Gets what a run and its sub-agents changed in their folder.</summary>
    /// <param name="id">The run.</param>
    /// <param name="turn">Only this turn of the run; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<RunChanges> ChangesAsync(string id, int? turn = null, CancellationToken cancellationToken = default)
    {
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        SnapshotMode mode = run.Workspace is { } folder ? _snapshots.ModeOf(folder) : SnapshotMode.Off;
        FolderHistory history = await HistoryAsync(run, cancellationToken).ConfigureAwait(false);
        IEnumerable<SnapshotEntry> entries = history.Entries.Where(entry => entry.Kind != SnapshotKind.Base && IsOf(run, entry));
        if (turn is { } one)
        {
            int from = one > 0 ? await _turns.OfAsync(history, run, one - 1, cancellationToken).ConfigureAwait(false) : 0;
            int end = await _turns.OfAsync(history, run, one, cancellationToken).ConfigureAwait(false);
            entries = history.Entries.Skip(from).Take(Math.Max(0, end - from))
                .Where(entry => entry.Kind != SnapshotKind.Base && IsOf(run, entry));
        }

        return new RunChanges(id, mode, [.. entries.Select(ViewOf)])
        {
            Skipped = [.. history.Entries.SelectMany(static entry => entry.Skipped ?? []).Distinct()],
        };
    }

    /// <summary>Gets the files of a run's folder at the end of a turn, as far as they are known.</summary>
    /// <param name="id">The run.</param>
    /// <param name="turn">The turn; by default the last.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.InvalidInput"/>: the run has no such turn.
    /// </exception>
    public async Task<RunFiles> FilesAsync(string id, int? turn = null, CancellationToken cancellationToken = default)
    {
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        int last = (await _reader.GetAsync(id, cancellationToken).ConfigureAwait(false)).Turns;
        FolderHistory history = await HistoryAsync(run, cancellationToken).ConfigureAwait(false);
        int end = turn is { } one
            ? await _turns.OfAsync(history, run, Checked(id, one, last), cancellationToken).ConfigureAwait(false)
            : history.Entries.Count;
        return new RunFiles(id, turn ?? last, history.StateAt(end));
    }

    /// <summary>Gets the content of a file as it was kept, by its hash.</summary>
    /// <param name="id">The run.</param>
    /// <param name="hash">The SHA-256 of the content, as in what the run changed and in its files.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>
    /// The content and the last path that it had; <see langword="null"/> if the run's folder had no such file, or its content is
    /// gone.
    /// </returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<KeptFile?> FindContentAsync(string id, string hash, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hash);
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        // Contents are shared by all trees that have them: only one that the folder had is the run's to show.
        FolderHistory history = await HistoryAsync(run, cancellationToken).ConfigureAwait(false);
        FolderChange? change = history.Entries.SelectMany(static entry => entry.Changes)
            .LastOrDefault(change => IsOf(change.After, hash) || IsOf(change.Before, hash));
        return change is not null
            && await _snapshots.Contents.ReadAsync(hash, cancellationToken).ConfigureAwait(false) is { } content
            ? new KeptFile(change.Path, content)
            : null;
    }

    private static bool IsOf(FileImage? image, string hash) => image is { NotKept: false, Hash: { } known } && known == hash;

    /// <summary>
    /// Restores the folder of a run that is paused or has ended to its state at the end of a turn. For a sub-agent only its own
    /// changes are undone. The present state is kept before, so that a restore to the last turn undoes this one.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="request">To which turn, and how.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the program itself.</param>
    /// <param name="cancellationToken">The token to cancel it. What has begun is carried through.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.NotAllowed"/>. <see cref="ErrorCode.InvalidInput"/>: the run has
    /// no such turn. <see cref="ErrorCode.RunStateForbids"/>: it is running, has no folder, or nothing of it is kept.
    /// </exception>
    public async Task<RestoreReport> RestoreAsync(
        string id, RestoreRequest request, Caller? caller = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        await _restore.EnsureAsync(run, caller, cancellationToken).ConfigureAwait(false);
        return await RestoreAsync(run, request, caller ?? Caller.Local, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Restores what people have answered: who may answer need not have the right to steer the run.</summary>
    internal async Task<RestoreReport> RestoreAsAnsweredAsync(
        string id, RestoreRequest request, Caller by, CancellationToken cancellationToken)
    {
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return await RestoreAsync(run, request, by, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RestoreReport> RestoreAsync(
        RunRecord run, RestoreRequest request, Caller caller, CancellationToken cancellationToken)
    {
        string id = run.Id;
        var workspace = new Workspace(FolderOf(run));
        Run now = await _reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (!now.IsEnded && now.Status != RunStatus.Paused)
        {
            throw new AgentException(ErrorCode.RunStateForbids, $"Run '{id}' is running. Pause it first, or wait for its end.");
        }

        if (_snapshots.ModeOf(workspace.Root) == SnapshotMode.Off)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                "Nothing is kept of the folders of this host's runs. Set Workspace:Snapshots to Writes or All.");
        }

        Checked(id, request.Turn, now.Turns);
        return await _restore.RunAsync(
            run, workspace.Without(_governing), request, caller,
            history => _turns.OfAsync(history, run, request.Turn, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private static int Checked(string id, int turn, int last) => turn >= 0 && turn <= last
        ? turn
        : throw new AgentException(ErrorCode.InvalidInput, $"turn: run '{id}' has {last} turns that are over; use 0 to {last}.");

    private static string FolderOf(RunRecord run) => run.Workspace is { } folder && Directory.Exists(folder)
        ? folder
        : throw new AgentException(ErrorCode.RunStateForbids, $"Run '{run.Id}' has no folder on this host.");

    private static bool IsOf(RunRecord run, SnapshotEntry entry) =>
        run.Parent is null || entry.Run == run.Id || entry.Run?.StartsWith(run.Id + ".", StringComparison.Ordinal) == true;

    private static RunChangeEntry ViewOf(SnapshotEntry entry) => new(entry.Seq, entry.At, entry.Changes)
    {
        Run = entry.Run,
        Turn = entry.Turn,
        Call = entry.Call,
        IsRestore = entry.Kind == SnapshotKind.Restored,
        Skipped = entry.Skipped ?? [],
    };

    private async Task<FolderHistory> HistoryAsync(RunRecord run, CancellationToken cancellationToken) =>
        new(await _snapshots.EntriesAsync(SnapshotContents.RootOf(run.Id), cancellationToken).ConfigureAwait(false));
}

/// <summary>Represents a file whose content was kept.</summary>
/// <param name="Path">The path, relative to the folder.</param>
/// <param name="Content">The content.</param>
public sealed record KeptFile(string Path, ReadOnlyMemory<byte> Content);
