using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>An execution as its own code sees it.</summary>
[SuppressMessage("Reliability", "CA2007:Consider calling ConfigureAwait on the awaited task",
    Justification = "Continuations belong to the turn.")]
internal sealed class OrchestrationContext : IOrchestrationContext
{
    private readonly OrchestrationExecution _execution;
    private readonly OrchestrationLimits _limits;
    private readonly ILoggerFactory _loggers;
    private readonly byte[] _guidSeed;
    private int _nextGuid;

    public OrchestrationContext(OrchestrationExecution execution, OrchestrationLimits limits, ILoggerFactory loggers)
    {
        _execution = execution;
        _limits = limits;
        _loggers = loggers;
        _guidSeed = Encoding.UTF8.GetBytes($"{InstanceId}/{execution.Started.ExecutionId}/\0\0\0\0");
    }

    public string InstanceId => _execution.Started.InstanceId ?? "";

    public string Name => _execution.Started.Name;

    public string? ParentInstanceId => _execution.Started.ParentInstanceId;

    public DateTimeOffset CurrentTime => _execution.CurrentTime;

    public bool IsReplaying => _execution.IsReplaying;

    public Guid NewGuid()
    {
        _execution.EnsureOnTurn();
        BinaryPrimitives.WriteInt32LittleEndian(_guidSeed.AsSpan(_guidSeed.Length - 4), _nextGuid++);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_guidSeed, hash);

        // RFC 9562: version 8, a maker's own way of making it; variant 10.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    public Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, TaskOptions? options = null)
    {
        _execution.EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? json = _limits.Serialize(input, $"input of activity '{name}'");
        return options?.Retry is { } retry ? RetryAsync(retry, AskAsync) : AskAsync();

        Task<TResult> AskAsync() => _execution.AskAsync<TResult>(taskId => new TaskScheduled(CurrentTime, taskId, name, json));
    }

    public Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null,
        SubOrchestrationOptions? options = null)
    {
        _execution.EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? json = _limits.Serialize(input, $"input of orchestrator '{name}'");

        // As in durabletask-dotnet, every attempt has the same id; a failed attempt is replaced by the next.
        string child = options?.InstanceId is { Length: > 0 } given ? InstanceIds.Check(given) : NewGuid().ToString("N");
        return options?.Retry is { } retry ? RetryAsync(retry, AskAsync) : AskAsync();

        Task<TResult> AskAsync() =>
            _execution.AskAsync<TResult>(taskId => new SubOrchestrationCreated(CurrentTime, taskId, name, child, json));
    }

    public Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default)
    {
        _execution.EnsureOnTurn();
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled(cancellationToken)
            : _execution.AskTimerAsync(fireAt.ToUniversalTime(), cancellationToken);
    }

    public Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default)
    {
        _execution.EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _execution.Events.WaitAsync<T>(name, cancellationToken);
    }

    public void SendEvent(string instanceId, string eventName, object? payload = null)
    {
        _execution.EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        string? json = _limits.Serialize(payload, $"payload of event '{eventName}'");
        _execution.Tell(taskId => new EventSent(CurrentTime, taskId, instanceId, eventName, json));
    }

    public void SetCustomStatus(object? status)
    {
        _execution.EnsureOnTurn();
        _execution.CustomStatus = OrchestrationLimits.Check(
            DurableJson.Serialize(status), "custom status", _limits.MaxCustomStatusBytes);
    }

    public void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true)
    {
        _execution.EnsureOnTurn();
        _execution.ContinueAsNew(_limits.Serialize(input, "input of the new execution"), preserveUnprocessedEvents);
    }

    public ILogger CreateReplaySafeLogger(string category) => new ReplaySafeLogger(_loggers.CreateLogger(category), this);

    private async Task<T> RetryAsync<T>(RetryPolicy policy, Func<Task<T>> attempt)
    {
        DateTimeOffset first = CurrentTime;
        for (int number = 1; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (TaskFailedException error) when (policy.ShouldRetry(error.Failure, number, CurrentTime - first))
            {
                TimeSpan delay = policy.DelayAfter(number);
                await CreateTimerAsync(
                    delay >= DateTimeOffset.MaxValue - CurrentTime ? DateTimeOffset.MaxValue : CurrentTime + delay);
            }
        }
    }
}
