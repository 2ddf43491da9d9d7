using System.Collections.Concurrent;
using AgentFunctions.Durability;

namespace AgentFunctions.Tests.Views;

/// <summary>Orchestrations that are what a test says, and counts how often they are asked about.</summary>
internal sealed class FakeOrchestrations : IOrchestrationClient
{
    private int _asked;

    public ConcurrentDictionary<string, OrchestrationState> States { get; } = new(StringComparer.Ordinal);

    public int Asked => _asked;

    public Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _asked);
        return Task.FromResult(States.GetValueOrDefault(instanceId));
    }

    public Task<string> ScheduleAsync(string name, object? input = null, StartOptions? options = null,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task RaiseEventAsync(string instanceId, string eventName, object? payload = null,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task TerminateAsync(string instanceId, object? output = null, bool recursive = true,
        CancellationToken cancellationToken = default)
    {
        States[instanceId] = States[instanceId] with { Status = OrchestrationStatus.Terminated };
        return Task.CompletedTask;
    }

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
