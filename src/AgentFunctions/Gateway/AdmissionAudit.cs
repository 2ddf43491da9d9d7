using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Keeps in the audit log who was admitted and who was refused.</summary>
internal sealed class AdmissionAudit(AuditLog audit, RunLineage lineage, Redactor redactor)
{
    /// <summary>Writes down that a run is admitted.</summary>
    /// <param name="run">The run as it is recorded next.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="rule">What found the agent for the goal; <see langword="null"/> if the caller named it.</param>
    /// <param name="mayBeThere">Whether the entry may have been written before a crash.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task AdmittedAsync(RunRecord run, Caller caller, string? rule, bool mayBeThere,
        CancellationToken cancellationToken)
    {
        string type = run.Parent is null ? AuditTypes.RunSubmitted : AuditTypes.RunDelegated;
        if (mayBeThere && await IsAuditedAsync(run.Id, type, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        Lineage origin = await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(type)
            {
                RunId = run.Id,
                RootId = origin.Root.Id,
                Chain = origin.Chain,
                Requester = run.Requester,
                Actor = caller.Id,
                Agent = run.Agent,
                DefinitionHash = run.DefinitionHash,
                Rule = rule,
                Door = caller.Door?.Name,
                DoorRequest = redactor.Redact(Preview.Of(caller.Door?.Request, 200)),
                Act = caller.Actors.Count > 0 ? caller.Actors : null,
                Reason = redactor.Redact(
                    $"{(run.Scopes is null ? "" : $"[scopes: {string.Join(' ', run.Scopes)}] ")}{Preview.Of(redactor.Redact(run.Goal), 1_000)}"),
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsAuditedAsync(string id, string type, CancellationToken cancellationToken)
    {
        await foreach (AuditEntry entry in audit.ReadAsync(id, 0, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Type == type && entry.RunId == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes a refusal down.</summary>
    /// <param name="caller">Who asked.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="rule">The rule that refuses.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RefusedAsync(string caller, string agent, string rule, string reason, CancellationToken cancellationToken) =>
        audit.AppendAsync(
        new AuditEntry(AuditTypes.RequestRefused) { Actor = caller, Agent = agent, Rule = rule, Failed = true, Reason = reason },
        cancellationToken);
}
