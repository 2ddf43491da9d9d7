using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Begins what the rules of retention say is due.</summary>
internal sealed class RetentionTargets(RunErasure erasure, WorkspacePhase folders, AuditRetention audit)
{
    /// <summary>The name under which retention acts.</summary>
    public const string Actor = "host";

    /// <summary>Begins to erase a tree.</summary>
    public async Task<bool> EraseAsync(RunRecord run, string rule, CancellationToken cancellationToken)
    {
        await erasure.ScheduleAsync(run.Id, ErasePhases.All, rule, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Begins to erase what was said and done in a tree; what it was and how it ended stays.</summary>
    public async Task<bool> EmptyAsync(RunRecord run, string rule, CancellationToken cancellationToken)
    {
        await erasure.ScheduleAsync(run.Id, ErasePhases.OfContent, rule, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Deletes entries of the audit log.</summary>
    public Task<long> CutAuditAsync(CancellationToken cancellationToken) => audit.CutAsync(cancellationToken);

    /// <summary>Deletes the folder of a tree; whether there was one.</summary>
    public async Task<bool> DeleteFolderAsync(RunRecord run, CancellationToken cancellationToken)
    {
        EraseProgress progress = await folders.RunAsync(new EraseInput(run.Id, WorkspacePhase.Name, Actor, ""), cancellationToken).ConfigureAwait(false);
        return progress.Counts.Others > 0;
    }
}
