using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Shows how busy a host is: the queue of runs, and what was used of quotas.</summary>
public sealed class GatewayLoad
{
    private readonly RunQueue _queue;
    private readonly QuotaMeter _quotas;

    internal GatewayLoad(RunQueue queue, QuotaMeter quotas) => (_queue, _quotas) = (queue, quotas);

    /// <summary>Gets the runs that have a place and those that wait for one.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<QueueLook> QueueAsync(CancellationToken cancellationToken = default)
    {
        (bool isLimited, int active, IReadOnlyList<QueuedRun> waiting) =
            await _queue.LookAsync(cancellationToken).ConfigureAwait(false);
        return new QueueLook(isLimited, active, [.. waiting.Select(static run => new WaitingRun(run.Id, run.Priority, run.At))]);
    }

    /// <summary>Gets what a caller, and runs with some labels, used of the quotas that hold for them.</summary>
    /// <param name="caller">The caller's id.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<QuotaUse>> QuotasAsync(
        string caller, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken = default)
    {
        // Quotas are found by the record of a run; of this one only caller and labels count.
        var run = new RunRecord
        {
            Id = "look",
            Agent = "",
            DefinitionHash = "",
            Model = "",
            Goal = "",
            Requester = caller,
            Labels = labels,
            CreatedAt = default,
        };
        return _quotas.LookAsync(run, cancellationToken);
    }
}

/// <summary>Represents the queue of runs.</summary>
/// <param name="IsLimited">Whether there is any limit; if not, no run waits and none is counted.</param>
/// <param name="Active">The number of runs that have a place.</param>
/// <param name="Waiting">The runs that wait, the first first.</param>
public sealed record QueueLook(bool IsLimited, int Active, IReadOnlyList<WaitingRun> Waiting);

/// <summary>Represents a run that waits for a place.</summary>
/// <param name="Run">The run.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="Since">When it came (UTC).</param>
public sealed record WaitingRun(string Run, RunPriority Priority, DateTimeOffset Since);
