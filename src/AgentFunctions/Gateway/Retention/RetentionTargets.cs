using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Begins what the rules of retention say is due.</summary>
internal sealed partial class RetentionTargets(RunErasure erasure, WorkspacePhase folders, AuditRetention audit,
    ILogger<RetentionTargets> log)
{
    /// <summary>The name under which retention acts.</summary>
    public const string Actor = "host";

    /// <summary>Begins to erase a tree.</summary>
    /// <returns>Whether it began; otherwise it is under way.</returns>
    public Task<bool> EraseAsync(RunRecord run, string rule, CancellationToken cancellationToken) =>
        erasure.ScheduleAsync(run.Id, ErasePhases.All, rule, cancellationToken);

    /// <summary>Begins to erase what was said and done in a tree; what it was and how it ended stays.</summary>
    /// <returns>Whether it began; otherwise it is under way.</returns>
    public Task<bool> EmptyAsync(RunRecord run, string rule, CancellationToken cancellationToken) =>
        erasure.ScheduleAsync(run.Id, ErasePhases.OfContent, rule, cancellationToken);

    /// <summary>Deletes entries of the audit log.</summary>
    public Task<long> CutAuditAsync(CancellationToken cancellationToken) => audit.CutAsync(cancellationToken);

    /// <summary>Deletes the folder of a tree; whether there was one.</summary>
    public async Task<bool> DeleteFolderAsync(RunRecord run, CancellationToken cancellationToken)
    {
        EraseProgress progress = await folders.RunAsync(new EraseInput(run.Id, WorkspacePhase.Name, Actor, ""), cancellationToken)
            .ConfigureAwait(false);
        return progress.Waits is { } obstacle
            ? throw new AgentException(ErrorCode.EngineUnavailable, obstacle)
            : progress.Counts.Others > 0;
    }

    /// <summary>Says that something stood against a tree that is due.</summary>
    public void Left(string run, string problem) => LogLeft(log, run, problem);

    [LoggerMessage(2202, LogLevel.Warning,
        "Retention: run {Run} is due and could not be erased, it is tried again with the next sweep: {Problem}")]
    private static partial void LogLeft(ILogger log, string run, string problem);
}
