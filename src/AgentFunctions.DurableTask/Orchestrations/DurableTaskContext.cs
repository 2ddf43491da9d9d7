using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using AgentTaskFailedException = AgentFunctions.Durability.TaskFailedException;
using AgentTaskOptions = AgentFunctions.Durability.TaskOptions;
using DurableSubOrchestrationOptions = Microsoft.DurableTask.SubOrchestrationOptions;
using DurableTaskFailedException = Microsoft.DurableTask.TaskFailedException;
using DurableTaskOptions = Microsoft.DurableTask.TaskOptions;
using RetryPolicy = AgentFunctions.Durability.RetryPolicy;
using SubOrchestrationOptions = AgentFunctions.Durability.SubOrchestrationOptions;

namespace AgentFunctions.DurableTask.Orchestrations;

/// <summary>The port to the engine over Durable Task.</summary>
internal sealed class DurableTaskContext(TaskOrchestrationContext context) : IOrchestrationContext
{
    private readonly ExternalEvents _events = new(context);

    public string InstanceId => context.InstanceId;

    public string Name => context.Name.Name;

    public string? ParentInstanceId => context.Parent?.InstanceId;

    public DateTimeOffset CurrentTime => new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc));

    public bool IsReplaying => context.IsReplaying;

    public Guid NewGuid() => context.NewGuid();

    public async Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, AgentTaskOptions? options = null)
    {
        JsonElement? payload = DurablePayload.Write(input, name);
        DurableTaskOptions? translated = options?.Retry is { } retry ? DurableTaskOptions.FromRetryHandler(Handler(retry)) : null;
        return await CallAsync<TResult>(() => context.CallActivityAsync<JsonElement?>(name, payload, translated));
    }

    public async Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null,
        SubOrchestrationOptions? options = null)
    {
        JsonElement? payload = DurablePayload.Write(input, name);
        var translated = new DurableSubOrchestrationOptions(
            options?.Retry is { } retry ? new TaskRetryOptions(Handler(retry)) : null, options?.InstanceId);
        return await CallAsync<TResult>(() => context.CallSubOrchestratorAsync<JsonElement?>(name, payload, translated));
    }

    public Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default) =>
        context.CreateTimer(fireAt.UtcDateTime, cancellationToken);

    public async Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default) =>
        DurablePayload.Read<T>(await _events.WaitAsync(name, cancellationToken));

    public void SendEvent(string instanceId, string eventName, object? payload = null) =>
        context.SendEvent(instanceId, eventName, DurablePayload.Write(payload, eventName)!);

    public void SetCustomStatus(object? status) =>
        context.SetCustomStatus(DurablePayload.Write(status, "custom status", DurablePayload.MaxStatusBytes));

    public void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true)
    {
        JsonElement? payload = DurablePayload.Write(input, Name);
        if (preserveUnprocessedEvents)
        {
            _events.Forward();
        }

        context.ContinueAsNew(payload, preserveUnprocessedEvents);
    }

    public ILogger CreateReplaySafeLogger(string category) => context.CreateReplaySafeLogger(category);

    private static async Task<TResult> CallAsync<TResult>(Func<Task<JsonElement?>> call)
    {
        try
        {
            return DurablePayload.Read<TResult>(await call());
        }
        catch (DurableTaskFailedException e)
        {
            throw new AgentTaskFailedException(e.TaskName, e.TaskId, DurableFailure.Read(e.FailureDetails));
        }
    }

    /// <summary>The waits are durable timers, and the decision is the policy's, as on every other engine.</summary>
    private static AsyncRetryHandler Handler(RetryPolicy policy) => async retry =>
    {
        FailureDetails failure = DurableFailure.Read(retry.LastFailure);
        if (!policy.ShouldRetry(failure, retry.LastAttemptNumber, retry.TotalRetryTime))
        {
            return false;
        }

        await retry.OrchestrationContext.CreateTimer(policy.DelayAfter(retry.LastAttemptNumber), CancellationToken.None);
        return true;
    };
}
