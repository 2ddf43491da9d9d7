using AgentFunctions.Governance;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Decides whether a run may begin, and records the answer. A refusal names the rule.</summary>
public sealed class Admission
{
    private readonly Func<KillOrders> _kills;
    private readonly RunLineage _lineage;
    private readonly AuditLog _audit;
    private readonly Redactor _redactor;

    internal Admission(Func<KillOrders> kills, RunLineage lineage, AuditLog audit, Redactor redactor) =>
        (_kills, _lineage, _audit, _redactor) = (kills, lineage, audit, redactor);

    /// <summary>Admits a run.</summary>
    /// <param name="run">The run as it would be recorded.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds it back; the message names the order. Nothing was admitted.
    /// </exception>
    internal async Task AdmitAsync(RunRecord run, Caller caller, CancellationToken cancellationToken)
    {
        Lineage lineage = await _lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        if (await _kills().FindAsync(run, lineage.Tree, null, cancellationToken).ConfigureAwait(false) is { } order)
        {
            await RefuseAsync(caller, run, "kill-switch", $"{order.By} stopped {order.Words}", cancellationToken).ConfigureAwait(false);
            throw new AgentException(ErrorCode.Stopped, $"{order.By} stopped {order.Words}; it must be released first.");
        }

        await _audit.AppendAsync(
            new AuditEntry(run.Parent is null ? AuditTypes.RunSubmitted : AuditTypes.RunDelegated)
            {
                RunId = run.Id,
                RootId = lineage.Root.Id,
                Chain = lineage.Chain,
                Requester = run.Requester,
                Actor = caller.Id,
                Agent = run.Agent,
                DefinitionHash = run.DefinitionHash,
                Reason = _redactor.Redact(
                    $"{(run.Scopes is null ? "" : $"[scopes: {string.Join(' ', run.Scopes)}] ")}{Activities.Preview.Of(run.Goal, 1_000)}"),
            },
            cancellationToken).ConfigureAwait(false);
    }

    private Task RefuseAsync(Caller caller, RunRecord run, string rule, string reason, CancellationToken cancellationToken) => _audit.AppendAsync(
        new AuditEntry(AuditTypes.RequestRefused) { Actor = caller.Id, Agent = run.Agent, Rule = rule, Failed = true, Reason = reason },
        cancellationToken);
}
