using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Keeps secrets out of the engine's own history: of inputs, events and reasons.</summary>
internal sealed class RedactingOrchestrationClient(IOrchestrationClient inner, Redactor redactor) : IOrchestrationClient
{
    public Task<string> ScheduleAsync(
        string name, object? input = null, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.ScheduleAsync(name, Clean(input), options, cancellationToken);

    public Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true, CancellationToken cancellationToken = default) =>
        inner.GetAsync(instanceId, includePayloads, cancellationToken);

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default) =>
        inner.QueryAsync(query, cancellationToken);

    public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.WaitForCompletionAsync(instanceId, cancellationToken);

    public Task RaiseEventAsync(
        string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default) =>
        inner.RaiseEventAsync(instanceId, eventName, Clean(payload), cancellationToken);

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.SuspendAsync(instanceId, redactor.Redact(reason), cancellationToken);

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.ResumeAsync(instanceId, redactor.Redact(reason), cancellationToken);

    public Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default) =>
        inner.TerminateAsync(instanceId, Clean(output), recursive, cancellationToken);

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.PurgeAsync(instanceId, cancellationToken);

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.ReadHistoryAsync(instanceId, cancellationToken);

    private object? Clean(object? payload)
    {
        string? json = DurableJson.Serialize(payload);
        string? clean = redactor.Redact(json);
        return clean == json ? payload : JsonElement.Parse(clean!);
    }
}
