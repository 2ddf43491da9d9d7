using AgentFunctions.Durability;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>Counts the instances that it tells to end, and dies after some of them, as the process does that it is in.</summary>
internal sealed class MortalClient(IOrchestrationClient inner, int life) : IOrchestrationClient
{
    private int _told;

    public int Told => _told;

    public Task TerminateAsync(string instanceId, object? output = null, bool recursive = true,
        CancellationToken cancellationToken = default) =>
        Interlocked.Increment(ref _told) > life
            ? Task.FromException(new OperationCanceledException("killed"))
            : inner.TerminateAsync(instanceId, output, recursive, cancellationToken);

    public Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default) =>
        inner.GetAsync(instanceId, includePayloads, cancellationToken);

    public Task<string> ScheduleAsync(string name, object? input = null, StartOptions? options = null,
        CancellationToken cancellationToken = default) =>
        inner.ScheduleAsync(name, input, options, cancellationToken);

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default) =>
        inner.QueryAsync(query, cancellationToken);

    public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.WaitForCompletionAsync(instanceId, cancellationToken);

    public Task RaiseEventAsync(string instanceId, string eventName, object? payload = null,
        CancellationToken cancellationToken = default) =>
        inner.RaiseEventAsync(instanceId, eventName, payload, cancellationToken);

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.SuspendAsync(instanceId, reason, cancellationToken);

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.ResumeAsync(instanceId, reason, cancellationToken);

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.PurgeAsync(instanceId, cancellationToken);

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.ReadHistoryAsync(instanceId, cancellationToken);
}
