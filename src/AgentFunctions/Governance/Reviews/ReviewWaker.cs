using AgentFunctions.Core;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Once a host has started, wakes the calls for which there is room and whose wake-up a crash cut off.</summary>
internal sealed class ReviewWaker(ReviewService desk) : ProcessService
{
    public override Task StartedAsync(CancellationToken cancellationToken) => desk.WakeAsync(cancellationToken);
}
