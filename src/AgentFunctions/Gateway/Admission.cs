using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Decides whether a run may begin, and records the answer. A refusal names the rule.</summary>
internal sealed class Admission
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly KillOrderStore _kills;
    private readonly RunLineage _lineage;
    private readonly AdmissionAudit _audit;
    private readonly AccessRules _access;
    private readonly QuotaMeter _quotas;
    private readonly RunQueue _queue;

    internal Admission(
        KillOrderStore kills, RunLineage lineage, AdmissionAudit audit, AccessRules access, QuotaMeter quotas, RunQueue queue) =>
        (_kills, _lineage, _audit, _access, _quotas, _queue) = (kills, lineage, audit, access, quotas, queue);

    /// <summary>Whether a caller may submit something to an agent.</summary>
    internal bool MayAsk(Caller caller, string agent, string goal, IReadOnlyDictionary<string, string>? labels) =>
        _access.Decide(caller, agent, goal, labels ?? NoLabels).RefusedBy is null;

    /// <summary>Judges whether a caller may submit something to an agent.</summary>
    internal AccessRuling Judge(Caller caller, string agent, string goal, IReadOnlyDictionary<string, string>? labels) =>
        _access.Decide(caller, agent, goal, labels ?? NoLabels);

    /// <summary>Ensures that a caller may submit something to an agent.</summary>
    /// <returns>Says which tools the run may have.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotAllowed"/>: the message names the rule.</exception>
    internal async Task<AccessRuling> EnsureAccessAsync(
        Caller caller, string agent, string goal, IReadOnlyDictionary<string, string>? labels,
        CancellationToken cancellationToken)
    {
        AccessRuling ruling = _access.Decide(caller, agent, goal, labels ?? NoLabels);
        if (ruling.RefusedBy is not { } rule)
        {
            return ruling;
        }

        throw await RefusedAsync(caller, agent, rule, ruling.Reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ensures that no rule denies a run to delegate to an agent.</summary>
    /// <param name="lead">The run that delegates.</param>
    /// <param name="agent">The sub-agents' definition.</param>
    /// <param name="goals">What they shall reach.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Says which tools the sub-agents may have.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotAllowed"/>: the message names the rule.</exception>
    internal async Task<AccessRuling> EnsureNotDeniedAsync(RunRecord lead, string agent, IEnumerable<string> goals,
        CancellationToken cancellationToken)
    {
        RunRecord root = (await _lineage.OfAsync(lead, cancellationToken).ConfigureAwait(false)).Root;
        var caller = new Caller(root.Requester) { Roles = root.RequesterRoles };
        AccessRuling ruling = _access.DecideBelow(caller, agent, goals.Append(root.Goal), root.Labels);
        return ruling.RefusedBy is { } rule
            ? throw await RefusedAsync(caller, agent, rule, ruling.Reason, cancellationToken).ConfigureAwait(false)
            : ruling;
    }

    /// <summary>Writes a refusal down.</summary>
    /// <returns>The refusal.</returns>
    internal async Task<AgentException> RefusedAsync(Caller caller, string agent, string rule, string reason,
        CancellationToken cancellationToken)
    {
        await _audit.RefusedAsync(caller.Id, agent, rule, reason, cancellationToken).ConfigureAwait(false);
        return new AgentException(ErrorCode.NotAllowed, $"Rule '{rule}': {reason}.");
    }

    /// <summary>
    /// Lets a run in: kill switch, quota, queue. A sub-agent goes on the account of the run at the root of its tree, and needs no
    /// place of its own. Safe to repeat for the same run.
    /// </summary>
    /// <param name="run">The run as it would be recorded.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The ticket with which the run has to wait for its place; <see langword="null"/> if it has one.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds it back; the message names the order.
    /// <see cref="ErrorCode.QuotaExceeded"/>: a quota is used up, or the queue is full. Nothing was admitted.
    /// </exception>
    internal async Task<long?> EnterAsync(RunRecord run, Caller caller, CancellationToken cancellationToken)
    {
        await EnsureNotStoppedAsync(run, caller.Id, cancellationToken).ConfigureAwait(false);
        if (run.Parent is not null)
        {
            return null;
        }

        if (await _quotas.SubmitAsync(run, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            await _audit.RefusedAsync(caller.Id, run.Agent, refusal.Rule, refusal.Reason, cancellationToken)
                .ConfigureAwait(false);
            throw refusal.ToException();
        }

        try
        {
            return await QueueAsync(run, caller, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException)
        {
            await _quotas.WithdrawAsync(run).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Puts a run that was let in into the queue again, where so much time has passed that the queue may have taken it for gone.
    /// </summary>
    /// <returns>The ticket that it has from now on; <see langword="null"/> if it has a place.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.QuotaExceeded"/>: the queue is full.</exception>
    internal async Task<long?> StayAsync(RunRecord run, Caller caller, CancellationToken cancellationToken) =>
        run.Parent is null ? await QueueAsync(run, caller, cancellationToken).ConfigureAwait(false) : null;

    private async Task<long?> QueueAsync(RunRecord run, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            return await _queue.EnterAsync(run, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.QuotaExceeded)
        {
            await _audit.RefusedAsync(caller.Id, run.Agent, "Gateway:Concurrency:MaxQueued", e.Message, cancellationToken)
                .ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes back what <see cref="EnterAsync"/> counted, for a run that something else refused.</summary>
    internal async Task WithdrawAsync(RunRecord run)
    {
        if (run.Parent is null)
        {
            await _quotas.WithdrawAsync(run).ConfigureAwait(false);
            await _queue.LeaveAsync(run.Id, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Writes down that a run is admitted.</summary>
    internal Task AuditAsync(RunRecord run, Caller caller, string? rule, bool mayBeThere, CancellationToken cancellationToken) =>
        _audit.AdmittedAsync(run, caller, rule, mayBeThere, cancellationToken);

    /// <summary>Admits a run that has ended and is taken up again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The ticket with which it has to wait for its place; <see langword="null"/> if it has one.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds it back. <see cref="ErrorCode.QuotaExceeded"/>: the queue is full.
    /// </exception>
    internal async Task<long?> ReadmitAsync(RunRecord run, string requester, CancellationToken cancellationToken)
    {
        await EnsureNotStoppedAsync(run, requester, cancellationToken).ConfigureAwait(false);
        return await _queue.EnterAsync(run, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Once a run that had to wait is scheduled: it may have got its place meanwhile.</summary>
    internal Task ScheduledAsync(CancellationToken cancellationToken) => _queue.TellAsync(cancellationToken);

    /// <summary>Ensures that the kill switch does not hold a run back.</summary>
    /// <returns>Where the run comes from.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.Stopped"/>: the message names the order.</exception>
    internal async Task<Lineage> EnsureNotStoppedAsync(RunRecord run, string caller, CancellationToken cancellationToken)
    {
        Lineage lineage = await _lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        if (await _kills.FindAsync(run, lineage.AncestorIds, null, cancellationToken).ConfigureAwait(false) is { } order)
        {
            await _audit.RefusedAsync(caller, run.Agent, "kill-switch", $"{order.By} stopped {order.Words}", cancellationToken)
                .ConfigureAwait(false);
            throw new AgentException(ErrorCode.Stopped, $"{order.By} stopped {order.Words}; it must be released first.");
        }

        return lineage;
    }
}
