using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Once a host has started, wakes the calls for which there is room and whose wake-up a crash cut off.</summary>
internal sealed class ReviewWaker(ReviewService desk) : IHostedLifecycleService, IProcessService
{
    public Task StartedAsync(CancellationToken cancellationToken) => desk.WakeAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
