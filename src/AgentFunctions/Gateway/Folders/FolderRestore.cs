using AgentFunctions.Core.Text;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Brings an earlier state of a folder back, after it has kept the present one.</summary>
internal sealed class FolderRestore(
    FolderSnapshots snapshots, SteeringRights rights, SteeringRecords records, RestoreQuestions questions, EffectsLeft effects)
{
    /// <summary>Ensures that a caller may steer a run.</summary>
    public Task EnsureAsync(RunRecord run, Caller? caller, CancellationToken cancellationToken) =>
        caller is null ? Task.CompletedTask : rights.EnsureAsync(run.Id, caller, RunAct.Steer, cancellationToken);

    /// <summary>Restores, or says what it would take.</summary>
    /// <param name="run">The run.</param>
    /// <param name="workspace">Its folder.</param>
    /// <param name="request">The request.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="endOf">Finds the end of the turn.</param>
    /// <param name="cancellationToken">The token to cancel it. What has begun is carried through.</param>
    public async Task<RestoreReport> RunAsync(
        RunRecord run, Workspace workspace, RestoreRequest request, Caller caller, Func<FolderHistory, Task<int>> endOf,
        CancellationToken cancellationToken)
    {
        string root = SnapshotContents.RootOf(run.Id);
        FolderState state = await snapshots.StateAsync(root, cancellationToken).ConfigureAwait(false);
        bool isWhole = run.Parent is null;
        if (isWhole && state.AtWork > 0)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"A call is still running in the folder of run '{run.Id}'. Try again in a moment.");
        }

        if (snapshots.ModeOf(workspace.Root) == SnapshotMode.All)
        {
            // What nobody told of is known, and kept, before anything is overwritten.
            await snapshots.LookAsync(state, workspace, cancellationToken).ConfigureAwait(false);
        }

        var history = new FolderHistory(await snapshots.EntriesAsync(root, cancellationToken).ConfigureAwait(false));
        int end = await endOf(history).ConfigureAwait(false);
        IReadOnlyList<FolderUndo> undo = isWhole ? history.UndoSince(end) : history.UndoOf(run.Id, end);
        var plan = new RestorePlan(snapshots, state, workspace, isWhole && snapshots.IsOwn(workspace.Root));
        foreach (FolderUndo one in undo.Where(one => request.Paths is not { Count: > 0 } paths
            || paths.Any(path => IsAt(one.Path, path))))
        {
            await plan.AddAsync(one, request, cancellationToken).ConfigureAwait(false);
        }

        // From here on it is carried through, though its caller leaves: a folder that is half restored is nobody's.
        cancellationToken = request.DryRun ? cancellationToken : CancellationToken.None;
        if (!request.DryRun && plan.Changes.Count > 0)
        {
            await ApplyAsync(run, workspace, request, state, plan, cancellationToken).ConfigureAwait(false);
            string words = $"the folder went back to the end of turn {request.Turn}: {plan.Changes.Count} restored, "
                + $"{plan.Conflicts.Count} kept since others changed them, {plan.Skipped.Count} left";
            await records.AuditAsync(AuditTypes.WorkspaceRestored, run.Id, caller, words, claim: null, cancellationToken)
                .ConfigureAwait(false);
            await records.JournalAsync(
                run.Id, JournalEventTypes.WorkspaceRestored, Preview.Of($"by {caller.Id}: {words}", 1_000), claim: null,
                cancellationToken).ConfigureAwait(false);
        }

        var report = new RestoreReport(run.Id, request.Turn, plan.Changes, plan.Conflicts, plan.Skipped)
        {
            DryRun = request.DryRun,
            Effects = await effects.SinceAsync(run.Id, request.Turn, cancellationToken).ConfigureAwait(false),
        };
        return request is { Ask: true, DryRun: false } && plan.Conflicts.Count > 0
            ? report with { Question = await questions.AskAsync(run, report, cancellationToken).ConfigureAwait(false) }
            : report;
    }

    private async Task ApplyAsync(
        RunRecord run, Workspace workspace, RestoreRequest request, FolderState state, RestorePlan plan,
        CancellationToken cancellationToken)
    {
        SnapshotEntry entry = snapshots.NewEntry(SnapshotKind.Restored, plan.Changes) with { Run = run.Id, Turn = request.Turn };
        await snapshots.AppendAsync(state, entry, cancellationToken).ConfigureAwait(false);
        List<string> paths = [.. plan.Changes.Select(static change => change.Path)];
        paths.ForEach(state.BeginWrite);
        try
        {
            var targets = plan.Changes.ToDictionary(static change => change.Path, static change => change.After,
                StringComparer.Ordinal);
            IReadOnlyList<SkippedPath> skipped = await new FolderWriter(workspace, snapshots.Contents, plan.Seen)
                .ApplyAsync(targets, cancellationToken).ConfigureAwait(false);
            plan.Skipped.AddRange(skipped);
            HashSet<string> foreign =
                [.. skipped.Where(static one => one.Why == FolderWriter.Changed).Select(static one => one.Path)];
            var left = new List<FolderChange>();
            foreach ((string path, FileImage? target) in targets)
            {
                FolderEntry now = FolderEntry.Read(workspace, path);
                (FileImage? image, _, Task kept) = FileImage.Same(now.Image, target)
                    ? (now.Image, null, Task.CompletedTask)
                    : snapshots.Keep(state, now, cancellationToken);
                await kept.ConfigureAwait(false);
                state.Set(path, image, now.Look);
                if (!FileImage.Same(image, target))
                {
                    left.Add(new FolderChange(path, target, image));
                    plan.Changes.RemoveAll(change => change.Path == path);
                }
            }

            // What others have made while it was restored is theirs.
            foreach (var part in left.GroupBy(change => foreign.Contains(change.Path)))
            {
                SnapshotEntry rest = part.Key
                    ? snapshots.NewEntry(SnapshotKind.Found, [.. part])
                    : entry with { Changes = [.. part] };
                await snapshots.AppendAsync(state, rest, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            paths.ForEach(state.EndWrite);
        }
    }

    private static bool IsAt(string path, string wanted)
    {
        string folder = wanted.Replace('\\', '/').Trim('/');
        return folder is "" or "." || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
    }
}
