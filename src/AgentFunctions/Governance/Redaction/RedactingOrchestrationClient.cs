using AgentFunctions.Durability;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Keeps secrets out of the engine's own history: of inputs, events and reasons. What it returns is the truth.</summary>
internal sealed class RedactingOrchestrationClient(IOrchestrationClient inner, IPayloadGuard guard) : IOrchestrationClient
{
    public Task<string> ScheduleAsync(
        string name, object? input = null, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.ScheduleAsync(name, guard.Close(input, options?.InstanceId), options, cancellationToken);

    public async Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default) =>
        await inner.GetAsync(instanceId, includePayloads, cancellationToken).ConfigureAwait(false) is { } state
            ? Open(state)
            : null;

    public async Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query,
        CancellationToken cancellationToken = default)
    {
        Page<OrchestrationState> page = await inner.QueryAsync(query, cancellationToken).ConfigureAwait(false);
        return page with { Items = [.. page.Items.Select(Open)] };
    }

    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId,
        CancellationToken cancellationToken = default) =>
        Open(await inner.WaitForCompletionAsync(instanceId, cancellationToken).ConfigureAwait(false));

    public Task RaiseEventAsync(
        string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default) =>
        inner.RaiseEventAsync(instanceId, eventName, guard.Close(payload, instanceId), cancellationToken);

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.SuspendAsync(instanceId, reason is null ? null : guard.Mask(reason), cancellationToken);

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.ResumeAsync(instanceId, reason is null ? null : guard.Mask(reason), cancellationToken);

    public Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default) =>
        inner.TerminateAsync(instanceId, guard.Close(output, instanceId), recursive, cancellationToken);

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.PurgeAsync(instanceId, cancellationToken);

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.ReadHistoryAsync(instanceId, cancellationToken);

    private OrchestrationState Open(OrchestrationState state) => state with
    {
        Input = guard.Open(state.Input),
        Output = guard.Open(state.Output),
        CustomStatus = guard.Open(state.CustomStatus),
    };
}
