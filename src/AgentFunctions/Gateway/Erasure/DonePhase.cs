using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Reclaims the space of the store, deletes a folder that was left before, and enters that nothing is left.</summary>
internal sealed class DonePhase(ErasedRuns erased, AuditLog audit, TimeProvider time,
    IStoreMaintenance? maintenance = null) : IErasePhase
{
    public const string Name = "done";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        ErasedRun? mark = await erased.FindAsync(input.Root, cancellationToken).ConfigureAwait(false);
        bool isLeft = mark is { DoneAt: null, LeftWorkspace: not null };
        string? obstacle = isLeft && input.Attempt > 0 ? FolderRemoval.Try(mark!.LeftWorkspace!) : null;
        if (obstacle is not null)
        {
            return new EraseProgress { HasMore = true, Waits = obstacle };
        }

        if (await StoreReclaim.TryAsync(maintenance, input, cancellationToken).ConfigureAwait(false) is { } notYet)
        {
            return notYet;
        }

        if (mark is not { DoneAt: null })
        {
            return new EraseProgress();
        }

        // Before the first wait all else is gone, also from the file.
        if (isLeft && FolderRemoval.Try(mark.LeftWorkspace!) is { } stays)
        {
            return new EraseProgress { HasMore = true, Waits = stays };
        }

        EraseCounts counts = input.Counts ?? new EraseCounts();
        await audit.AppendAsync(
            new AuditEntry(AuditTypes.RunErasedDone)
            {
                RunId = mark.Run,
                RootId = mark.Run,
                Requester = mark.Requester,
                Actor = mark.By,
                Reason = $"{counts.Runs} runs, {counts.Instances} orchestrations, {counts.Records} records, {counts.Streams} logs, {counts.Contents} contents",
            },
            cancellationToken).ConfigureAwait(false);
        ErasedRun done = mark with { DoneAt = time.GetUtcNow(), LeftWorkspace = null };
        await erased.PutAsync(done, cancellationToken).ConfigureAwait(false);
        return new EraseProgress();
    }
}
