using AgentFunctions.Durability;

namespace AgentFunctions.Gateway.Exports;

/// <summary>The runs of an exported file as they stood when it was written. Nothing of them goes on.</summary>
internal sealed class ExportedOrchestrations(IOrchestrationClient inner, ExportedRun exported) : IOrchestrationClient
{
    public Task<string> ScheduleAsync(string name, object? input = null, StartOptions? options = null,
        CancellationToken cancellationToken = default) =>
        throw Refusal();

    public async Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default) =>
        exported.States.TryGetValue(instanceId, out OrchestrationState? state)
            ? state
            : await inner.GetAsync(instanceId, includePayloads, cancellationToken).ConfigureAwait(false);

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default) =>
        inner.QueryAsync(query, cancellationToken);

    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId,
        CancellationToken cancellationToken = default) =>
        exported.States.TryGetValue(instanceId, out OrchestrationState? state)
            ? state
            : await inner.WaitForCompletionAsync(instanceId, cancellationToken).ConfigureAwait(false);

    public Task RaiseEventAsync(string instanceId, string eventName, object? payload = null,
        CancellationToken cancellationToken = default) =>
        throw Refusal();

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        throw Refusal();

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        throw Refusal();

    public Task TerminateAsync(string instanceId, object? output = null, bool recursive = true,
        CancellationToken cancellationToken = default) =>
        throw Refusal();

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) => throw Refusal();

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.ReadHistoryAsync(instanceId, cancellationToken);

    private static AgentException Refusal() =>
        new(ErrorCode.NotAllowed, "This host shows an exported run. Change the run on the host that it came from.");
}
