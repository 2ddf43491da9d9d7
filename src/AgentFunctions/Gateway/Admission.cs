using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Governance;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Decides whether a run may begin, and records the answer. A refusal names the rule.</summary>
public sealed class Admission
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly Func<KillOrders> _kills;
    private readonly RunLineage _lineage;
    private readonly AuditLog _audit;
    private readonly Redactor _redactor;
    private readonly AccessRules _access;
    private readonly QuotaMeter _quotas;
    private readonly RunQueue _queue;

    internal Admission(
        Func<KillOrders> kills, RunLineage lineage, AuditLog audit, Redactor redactor, AccessRules access, QuotaMeter quotas, RunQueue queue) =>
        (_kills, _lineage, _audit, _redactor, _access, _quotas, _queue) = (kills, lineage, audit, redactor, access, quotas, queue);

    /// <summary>Whether a caller may submit something to an agent.</summary>
    internal bool MayAsk(Caller caller, string agent, string goal, IReadOnlyDictionary<string, string>? labels) =>
        _access.Decide(caller, agent, goal, labels ?? NoLabels).RefusedBy is null;

    /// <summary>Demands that a caller may submit something to an agent.</summary>
    /// <returns>Says which tools the run may have.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotAllowed"/>: the message names the rule.</exception>
    internal async Task<AccessRuling> DemandAccessAsync(
        Caller caller, string agent, string goal, IReadOnlyDictionary<string, string>? labels, CancellationToken cancellationToken)
    {
        AccessRuling ruling = _access.Decide(caller, agent, goal, labels ?? NoLabels);
        if (ruling.RefusedBy is not { } rule)
        {
            return ruling;
        }

        throw await RefusedAsync(caller, agent, rule, ruling.Reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a refusal down.</summary>
    /// <returns>The refusal.</returns>
    internal async Task<AgentException> RefusedAsync(Caller caller, string agent, string rule, string reason, CancellationToken cancellationToken)
    {
        await RefuseAsync(caller.Id, agent, rule, reason, cancellationToken).ConfigureAwait(false);
        return new AgentException(ErrorCode.NotAllowed, $"Rule '{rule}': {reason}.");
    }

    /// <summary>
    /// Lets a run in: kill switch, quota, queue. A sub-agent goes on the account of the run at the root of its tree, and needs no place
    /// of its own. Safe to repeat for the same run.
    /// </summary>
    /// <param name="run">The run as it would be recorded.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The ticket with which the run has to wait for its place; <see langword="null"/> if it has one.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds it back; the message names the order.
    /// <see cref="ErrorCode.QuotaExceeded"/>: a quota is used up, or the queue is full. Nothing was admitted.
    /// </exception>
    internal async Task<long?> EnterAsync(RunRecord run, Caller caller, CancellationToken cancellationToken)
    {
        await DemandNotStoppedAsync(run, caller.Id, cancellationToken).ConfigureAwait(false);
        if (run.Parent is not null)
        {
            return null;
        }

        if (await _quotas.SubmitAsync(run, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            await RefuseAsync(caller.Id, run.Agent, refusal.Rule, refusal.Reason, cancellationToken).ConfigureAwait(false);
            throw refusal.ToException();
        }

        try
        {
            return await _queue.EnterAsync(run, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e)
        {
            await _quotas.WithdrawAsync(run).ConfigureAwait(false);
            if (e.Code == ErrorCode.QuotaExceeded)
            {
                await RefuseAsync(caller.Id, run.Agent, "Gateway:Concurrency:MaxQueued", e.Message, cancellationToken).ConfigureAwait(false);
            }

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
    /// <param name="run">The run as it is recorded next.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="rule">What found the agent for the goal; <see langword="null"/> if the caller named it.</param>
    /// <param name="mayBeThere">Whether the entry may have been written before a crash.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task AuditAsync(RunRecord run, Caller caller, string? rule, bool mayBeThere, CancellationToken cancellationToken)
    {
        string type = run.Parent is null ? AuditTypes.RunSubmitted : AuditTypes.RunDelegated;
        if (mayBeThere && await IsAuditedAsync(run.Id, type, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        Lineage lineage = await _lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        await _audit.AppendAsync(
            new AuditEntry(type)
            {
                RunId = run.Id,
                RootId = lineage.Root.Id,
                Chain = lineage.Chain,
                Requester = run.Requester,
                Actor = caller.Id,
                Agent = run.Agent,
                DefinitionHash = run.DefinitionHash,
                Rule = rule,
                Reason = _redactor.Redact(
                    $"{(run.Scopes is null ? "" : $"[scopes: {string.Join(' ', run.Scopes)}] ")}{Activities.Preview.Of(_redactor.Redact(run.Goal), 1_000)}"),
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsAuditedAsync(string id, string type, CancellationToken cancellationToken)
    {
        await foreach (AuditEntry entry in _audit.ReadAsync(id, 0, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Type == type && entry.RunId == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Admits a run that has ended and is taken up again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="requester">Who takes it up.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The ticket with which it has to wait for its place; <see langword="null"/> where it has one.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds it back. <see cref="ErrorCode.QuotaExceeded"/>: the queue is full.
    /// </exception>
    internal async Task<long?> ReadmitAsync(RunRecord run, string requester, CancellationToken cancellationToken)
    {
        await DemandNotStoppedAsync(run, requester, cancellationToken).ConfigureAwait(false);
        return await _queue.EnterAsync(run, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Once a run that had to wait is scheduled: it may have got its place meanwhile.</summary>
    internal Task ScheduledAsync(CancellationToken cancellationToken) => _queue.TellAsync(cancellationToken);

    /// <summary>Demands that the kill switch does not hold a run back.</summary>
    /// <returns>Where the run comes from.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.Stopped"/>: the message names the order.</exception>
    internal async Task<Lineage> DemandNotStoppedAsync(RunRecord run, string caller, CancellationToken cancellationToken)
    {
        Lineage lineage = await _lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        if (await _kills().FindAsync(run, lineage.Tree, null, cancellationToken).ConfigureAwait(false) is { } order)
        {
            await RefuseAsync(caller, run.Agent, "kill-switch", $"{order.By} stopped {order.Words}", cancellationToken).ConfigureAwait(false);
            throw new AgentException(ErrorCode.Stopped, $"{order.By} stopped {order.Words}; it must be released first.");
        }

        return lineage;
    }

    private Task RefuseAsync(string caller, string agent, string rule, string reason, CancellationToken cancellationToken) => _audit.AppendAsync(
        new AuditEntry(AuditTypes.RequestRefused) { Actor = caller, Agent = agent, Rule = rule, Failed = true, Reason = reason },
        cancellationToken);
}
