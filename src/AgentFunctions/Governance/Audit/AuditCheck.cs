using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Looks at the start of a host whether the audit log still has all that it had: a host does not go on over a cut one. At its end the
/// last entries are joined.
/// </summary>
internal sealed class AuditCheck(AuditLog audit) : IHostedLifecycleService, IProcessService
{
    public Task StartedAsync(CancellationToken cancellationToken) => audit.EnsureWholeAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => audit.TryJoinAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
