using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The approvals of this host: a record each, and a list of those that are not settled.</summary>
internal sealed class ApprovalStore(IRecordStore records, TreeKeys keys, AuditLog audit,
    ILogger<ApprovalStore> log) : HumanTaskStore<Approval>(
    records, RecordSeal.OfApprovals(keys), new HumanTaskKeys("approvals/", "approvals-open/"),
    static () => ApprovalsJsonContext.Default.Approval,
    (approval, cancellationToken) => audit.EndAsync(approval.RootId, approval.RunId, cancellationToken), log)
{
    protected override Approval Altered(Approval task, string id, string key)
    {
        ApprovalLog.ApprovalAltered(log, key);
        return task with { Id = id, IsAltered = true };
    }

    protected override AgentException NotFound(string id) => new(ErrorCode.ApprovalNotFound, $"There is no approval '{id}'.");
}
