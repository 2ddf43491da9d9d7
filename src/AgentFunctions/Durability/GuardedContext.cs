using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Durability;

/// <summary>
/// An orchestration's context behind a guard: the code works on the truth, the engine records what the guard lets through.
/// </summary>
[SuppressMessage("Reliability", "CA2007:Consider calling ConfigureAwait on the awaited task",
    Justification = "Continuations belong to the orchestration's own scheduler.")]
internal sealed class GuardedContext(IOrchestrationContext inner, IPayloadGuard guard) : IOrchestrationContext
{
    public string InstanceId => inner.InstanceId;

    public string Name => inner.Name;

    public string? ParentInstanceId => inner.ParentInstanceId;

    public DateTimeOffset CurrentTime => inner.CurrentTime;

    public bool IsReplaying => inner.IsReplaying;

    public Guid NewGuid() => inner.NewGuid();

    public async Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, TaskOptions? options = null) =>
        Open<TResult>(await inner.CallActivityAsync<WrittenJson>(name, Close(input), options));

    public async Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null,
        SubOrchestrationOptions? options = null) =>
        Open<TResult>(await inner.CallSubOrchestratorAsync<WrittenJson>(name, Close(input), options));

    public Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default) =>
        inner.CreateTimerAsync(fireAt, cancellationToken);

    public async Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default) =>
        Open<T>(await inner.WaitForExternalEventAsync<WrittenJson>(name, cancellationToken));

    public void SendEvent(string instanceId, string eventName, object? payload = null) =>
        inner.SendEvent(instanceId, eventName, Close(payload));

    public void SetCustomStatus(object? status) => inner.SetCustomStatus(Close(status));

    public void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true) =>
        inner.ContinueAsNew(Close(input), preserveUnprocessedEvents);

    public ILogger CreateReplaySafeLogger(string category) => inner.CreateReplaySafeLogger(category);

    /// <summary>What may be recorded. It was written to look for secrets, so it is not written again.</summary>
    private object? Close(object? payload)
    {
        string? json = DurableJson.Serialize(payload);
        string? closed = guard.Close(json, InstanceId);
        return closed is null ? payload : ReferenceEquals(closed, json) ? new WrittenJson(closed) : JsonElement.Parse(closed);
    }

    private T Open<T>(WrittenJson? recorded) => recorded is null
        ? default!
        : DurableJson.Deserialize<T>(guard.Open(recorded.Text))!;
}

/// <summary>A guard for payloads that are objects yet.</summary>
internal static class PayloadGuardExtensions
{
    /// <summary>Gets the payload itself if it has no secrets, otherwise what may be recorded.</summary>
    public static object? Close(this IPayloadGuard guard, object? payload, string? instanceId)
    {
        string? json = DurableJson.Serialize(payload);
        string? closed = guard.Close(json, instanceId);
        return ReferenceEquals(closed, json) || closed is null ? payload : JsonElement.Parse(closed);
    }
}
