using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Has the store give back what was deleted, deletes a folder that could not be deleted before, and says that nothing is left.</summary>
internal sealed class DonePhase(ErasedRuns erased, AuditLog audit, TimeProvider time, IStoreMaintenance? maintenance = null) : IErasePhase
{
    public const string Name = "done";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (await StoreReclaim.TryAsync(maintenance, input, cancellationToken).ConfigureAwait(false) is { } notYet)
        {
            return notYet;
        }

        if (await erased.FindAsync(input.Root, cancellationToken).ConfigureAwait(false) is not { DoneAt: null } mark)
        {
            return new EraseProgress();
        }

        if (mark.LeftWorkspace is { } folder)
        {
            if (FolderRemoval.Try(folder) is { } obstacle)
            {
                return new EraseProgress { HasMore = true, Waits = obstacle };
            }

            mark = mark with { LeftWorkspace = null };
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
        await erased.PutAsync(mark with { DoneAt = time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
        return new EraseProgress();
    }
}
