using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions.Swarm;

/// <summary>
/// One writer per file within a tree of runs: who writes a file has it for a while, so that the writes of two sub-agents are not
/// mixed. Whose time ran out, and whose file somebody else then wrote, is told so before it writes again.
/// </summary>
internal sealed class PathLeases(RunStore runs, RunLineage lineage, IRecordStore records, IOrchestrationClient orchestrations,
    TimeProvider time)
    : IFileLeases
{
    /// <summary>How long a file stays with its writer after a write.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    /// <summary>How long a call waits for a file; less than the time that it may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly JsonRecords<PathLease> _leases = new(records, SwarmJsonContext.Default.PathLease);

    /// <inheritdoc/>
    public async Task TakeAsync(string runId, string path, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not { } run
            || !await IsInTreeAsync(run, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        RunRecord root = (await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false)).Root;
        string key = $"leases/{root.Id}/{TextHash.Of(path)}";
        long start = time.GetTimestamp();
        while (!await TryTakeAsync(key, runId, path, cancellationToken).ConfigureAwait(false))
        {
            if (time.GetElapsedTime(start) >= Patience)
            {
                throw new AgentException(ErrorCode.PathLeaseHeld,
                    $"{path}: another sub-agent is writing this file. Do something else first, then read it and write again.");
            }

            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsInTreeAsync(RunRecord run, CancellationToken cancellationToken) =>
        run.Parent is not null
            || (await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false)).Delegation != Delegation.None;

    private async Task<bool> TryTakeAsync(string key, string runId, string path, CancellationToken cancellationToken)
    {
        (PathLease Value, string Etag)? found = await _leases.FindAsync(key, cancellationToken).ConfigureAwait(false);
        PathLease? lease = found?.Value;
        DateTimeOffset now = time.GetUtcNow();
        bool isOver = lease?.Until <= now;
        bool isFree = lease is null || lease.Holder == runId || isOver
            || await HasEndedAsync(lease.Holder, cancellationToken).ConfigureAwait(false);
        bool isLost = lease?.Lost.Contains(runId, StringComparer.Ordinal) == true;
        if (!isFree && !isLost)
        {
            return false;
        }

        IEnumerable<string> lost = (lease?.Lost ?? []).Where(other => other != runId);
        if (!isLost && isOver && lease!.Holder != runId)
        {
            lost = lost.Append(lease.Holder);
        }

        PathLease next = isLost ? lease! with { Lost = [.. lost] } : new PathLease(runId, now + Length, [.. lost]);
        if (await _leases.TryPutAsync(key, next, found?.Etag, cancellationToken).ConfigureAwait(false) is null)
        {
            return false;
        }

        return isLost
            ? throw new AgentException(
                ErrorCode.PathLeaseLost,
                $"{path}: your lease on this file ran out and another sub-agent has written it since. Read it again before you write.")
            : true;
    }

    private async Task<bool> HasEndedAsync(string runId, CancellationToken cancellationToken) =>
        (await orchestrations.GetAsync(runId, false, cancellationToken).ConfigureAwait(false))?.IsEnded != false;
}

/// <summary>Who may write a file.</summary>
/// <param name="Holder">The run.</param>
/// <param name="Until">Until when (UTC).</param>
/// <param name="Lost">Runs whose lease ran out and that have not been told.</param>
internal sealed record PathLease(string Holder, DateTimeOffset Until, IReadOnlyList<string> Lost);
