using AgentFunctions.Durability;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Hosting;

/// <summary>
/// Does something once in the middle of what a host does: right before or after it writes a record (<c>put KEY</c>), adds to a log
/// (<c>append LOG</c>) or starts an orchestration (<c>start ID</c>).
/// </summary>
internal sealed class Interruption
{
    private readonly Lock _lock = new();
    private readonly List<(string Call, bool IsAfter, Func<Task> Act)> _acts = [];

    /// <summary>Does it before the next call that begins like this.</summary>
    public void Before(string call, Func<Task> act) => Add(call, false, act);

    /// <summary>Does it after the next call that begins like this.</summary>
    public void After(string call, Func<Task> act) => Add(call, true, act);

    /// <summary>Has it watch the stores and the engine of a host.</summary>
    public void Install(IServiceCollection services)
    {
        services.Wrap<IRecordStore>(inner => new Records(this, inner));
        services.Wrap<ILogStore>(inner => new Logs(this, inner));
        services.Wrap<IOrchestrationClient>(inner => new Client(this, inner));
    }

    private void Add(string call, bool isAfter, Func<Task> act)
    {
        lock (_lock)
        {
            _acts.Add((call, isAfter, act));
        }
    }

    private async Task<T> PassAsync<T>(string call, Func<Task<T>> pass)
    {
        await ActAsync(call, false);
        T result = await pass();
        await ActAsync(call, true);
        return result;
    }

    private Task ActAsync(string call, bool isAfter)
    {
        Func<Task>? act = null;
        lock (_lock)
        {
            int found = _acts.FindIndex(one => one.IsAfter == isAfter && call.StartsWith(one.Call, StringComparison.Ordinal));
            if (found >= 0)
            {
                act = _acts[found].Act;
                _acts.RemoveAt(found);
            }
        }

        return act?.Invoke() ?? Task.CompletedTask;
    }

    private sealed class Records(Interruption interruption, IRecordStore inner) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
            inner.GetAsync(key, cancellationToken);

        public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
            CancellationToken cancellationToken) =>
            interruption.PassAsync($"put {key}", () => inner.PutAsync(key, value, condition, cancellationToken));

        public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
            inner.ListAsync(prefix, after, cancellationToken);
    }

    private sealed class Logs(Interruption interruption, ILogStore inner) : DelegatingLogStore(inner)
    {
        public override Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default) =>
            interruption.PassAsync(
                $"append {stream}", () => base.AppendAsync(stream, entries, expectedPosition, cancellationToken));
    }

    private sealed class Client(Interruption interruption, IOrchestrationClient inner) : IOrchestrationClient
    {
        public Task<string> ScheduleAsync(string name, object? input, StartOptions? options,
            CancellationToken cancellationToken) =>
            interruption.PassAsync(
                $"start {options?.InstanceId}", () => inner.ScheduleAsync(name, input, options, cancellationToken));

        public Task<OrchestrationState?> GetAsync(string instanceId, bool includePayloads, CancellationToken cancellationToken) =>
            inner.GetAsync(instanceId, includePayloads, cancellationToken);

        public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken) =>
            inner.QueryAsync(query, cancellationToken);

        public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken) =>
            inner.WaitForCompletionAsync(instanceId, cancellationToken);

        public Task RaiseEventAsync(string instanceId, string eventName, object? payload, CancellationToken cancellationToken) =>
            inner.RaiseEventAsync(instanceId, eventName, payload, cancellationToken);

        public Task SuspendAsync(string instanceId, string? reason, CancellationToken cancellationToken) =>
            inner.SuspendAsync(instanceId, reason, cancellationToken);

        public Task ResumeAsync(string instanceId, string? reason, CancellationToken cancellationToken) =>
            inner.ResumeAsync(instanceId, reason, cancellationToken);

        public Task TerminateAsync(string instanceId, object? output, bool recursive, CancellationToken cancellationToken) =>
            inner.TerminateAsync(instanceId, output, recursive, cancellationToken);

        public Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken) =>
            inner.PurgeAsync(instanceId, cancellationToken);

        public IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string instanceId, CancellationToken cancellationToken) =>
            inner.ReadHistoryAsync(instanceId, cancellationToken);
    }
}
