using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Governance.Approvals;

/// <summary>At the start of a host wakes the runs whose decision was recorded, but whose wake-up a crash cut off.</summary>
internal sealed class ApprovalWaker(ApprovalDesk desk) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => desk.WakeDecidedAsync(stoppingToken);
}
