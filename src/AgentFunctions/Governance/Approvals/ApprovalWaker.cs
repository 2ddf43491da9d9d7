using AgentFunctions.Core;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Once a host has started, wakes the runs whose decision was recorded, but whose wake-up a crash cut off.</summary>
internal sealed class ApprovalWaker(ApprovalService desk) : ProcessService
{
    public override Task StartedAsync(CancellationToken cancellationToken) => desk.WakeDecidedAsync(cancellationToken);
}
