using AgentFunctions.Durability;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Monitors;

/// <summary>
/// A place in the middle of the work where a host dies: at a counted call to its stores, before or after the call took
/// effect. Whoever calls then or later never hears back, as if the process were gone.
/// </summary>
internal sealed class CrashPoint
{
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _callsLeft = int.MaxValue;
    private bool _afterTheCall;

    public Task Crashed => _crashed.Task;

    /// <summary>Gets or sets what happens right before an orchestration of a name is started.</summary>
    public Func<string, Task>? Starting { get; set; }

    /// <summary>Dies at the call of that number from now, from 1.</summary>
    public void Arm(int call, bool afterTheCall)
    {
        _afterTheCall = afterTheCall;
        Volatile.Write(ref _callsLeft, call);
    }

    public async Task<T> PassAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        int left = Interlocked.Decrement(ref _callsLeft);
        if (left < 0 || (left == 0 && !_afterTheCall))
        {
            await DieAsync(cancellationToken);
        }

        T result = await call();
        if (left == 0)
        {
            await DieAsync(cancellationToken);
        }

        return result;
    }

    public Task PassAsync(Func<Task> call, CancellationToken cancellationToken) => PassAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancellationToken);

    private Task DieAsync(CancellationToken cancellationToken)
    {
        _crashed.TrySetResult();
        return Task.Delay(Timeout.Infinite, cancellationToken);
    }
}

/// <summary>The engine's records, until the host dies.</summary>
internal sealed class CrashingRecords(IRecordStore inner, CrashPoint crash) : IRecordStore
{
    public bool IsShared => inner.IsShared;

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        inner.GetAsync(key, cancellationToken);

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default) =>
        crash.PassAsync(() => inner.PutAsync(key, value, condition, cancellationToken), cancellationToken);

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        crash.PassAsync(() => inner.DeleteAsync(key, condition, cancellationToken), cancellationToken);

    public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
        CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, after, cancellationToken);
}

/// <summary>The engine's logs, until the host dies.</summary>
internal sealed class CrashingLogs(ILogStore inner, CrashPoint crash) : ILogStore
{
    public bool IsShared => inner.IsShared;

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default) =>
        crash.PassAsync(() => inner.AppendAsync(stream, entries, expectedPosition, cancellationToken), cancellationToken);

    public IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(stream, fromPosition, maxCount, cancellationToken);

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.GetLengthAsync(stream, cancellationToken);

    public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) =>
        inner.WaitForAppendAsync(stream, length, cancellationToken);

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) =>
        crash.PassAsync(() => inner.DeleteAsync(stream, cancellationToken), cancellationToken);
}

/// <summary>The engine's client, until the host dies.</summary>
internal sealed class CrashingClient(IOrchestrationClient inner, CrashPoint crash) : IOrchestrationClient
{
    public async Task<string> ScheduleAsync(string name, object? input = null, StartOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        await (crash.Starting?.Invoke(name) ?? Task.CompletedTask);
        return await crash.PassAsync(() => inner.ScheduleAsync(name, input, options, cancellationToken), cancellationToken);
    }

    public Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads = true,
        CancellationToken cancellationToken = default) =>
        inner.GetAsync(instanceId, includePayloads, cancellationToken);

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default) =>
        inner.QueryAsync(query, cancellationToken);

    public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.WaitForCompletionAsync(instanceId, cancellationToken);

    public Task RaiseEventAsync(string instanceId, string eventName, object? payload = null,
        CancellationToken cancellationToken = default) =>
        crash.PassAsync(() => inner.RaiseEventAsync(instanceId, eventName, payload, cancellationToken), cancellationToken);

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.SuspendAsync(instanceId, reason, cancellationToken);

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        inner.ResumeAsync(instanceId, reason, cancellationToken);

    public Task TerminateAsync(string instanceId, object? output = null, bool recursive = true,
        CancellationToken cancellationToken = default) =>
        inner.TerminateAsync(instanceId, output, recursive, cancellationToken);

    public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.PurgeAsync(instanceId, cancellationToken);

    public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        inner.ReadHistoryAsync(instanceId, cancellationToken);
}
