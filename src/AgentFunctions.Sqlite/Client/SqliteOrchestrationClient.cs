using System.Runtime.CompilerServices;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Orchestration;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>The way into the engine from outside.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteOrchestrationClient(SqliteEngine owner) : IOrchestrationClient
{
    public async Task<string> ScheduleAsync(
        string name, object? input = null, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        EngineCore engine = owner.Core;
        engine.EnsureAccepting();
        string id = options?.InstanceId is { } given
            ? InstanceIds.Check(given)
            : Guid.CreateVersion7(engine.Time.GetUtcNow()).ToString("N");
        string? json = engine.Limits.Serialize(input, $"input of orchestrator '{name}'");
        DateTimeOffset now = engine.Time.GetUtcNow();
        DateTimeOffset? startAt = options?.StartAt?.ToUniversalTime() is { } asked && asked > now ? asked : null;
        var job = new ScheduleJob(engine, options?.ReplaceableStatuses ?? [], new InstanceRow
        {
            Seq = 0,
            Id = id,
            Name = name,
            Status = OrchestrationStatus.Pending,
            IsPending = startAt is null,
            CreatedAt = now,
            UpdatedAt = now,
            StartAt = startAt,
            Execution = Guid.NewGuid(),
            ExecutionAt = now,
            Input = json,
        });
        engine.Writer.Enqueue(job);
        await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return id;
    }

    public Task<OrchestrationState?> GetAsync(
        string instanceId, bool includePayloads = true, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        cancellationToken.ThrowIfCancellationRequested();
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        return Task.FromResult(engine.Readers.ReadOne(connection =>
        {
            Statement find = connection.Prepare($"SELECT {InstanceRow.Columns} FROM instances WHERE id = ?").Bind(1, instanceId);
            OrchestrationState? state = find.Step() ? InstanceRow.Read(find, includePayloads).ToState() : null;
            find.Reset();
            return state;
        }));
    }

    public Task<Page<OrchestrationState>> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        var instances = new InstanceQuery(query);
        return Task.FromResult(engine.Readers.Read(instances.Run));
    }

    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        while (true)
        {
            Task ended = engine.Ends.Listen(instanceId);
            try
            {
                OrchestrationState state = await GetAsync(instanceId, includePayloads: true, cancellationToken)
                    .ConfigureAwait(false)
                    ?? throw NotFound(instanceId);
                if (state.IsEnded)
                {
                    return state;
                }

                await ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                engine.Ends.Leave(instanceId, ended);
            }
        }
    }

    public Task RaiseEventAsync(
        string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        EngineCore engine = owner.Core;
        engine.EnsureAccepting();
        string? json = engine.Limits.Serialize(payload, $"payload of event '{eventName}'");
        return SendAsync(engine, instanceId, new EventRaised(engine.Time.GetUtcNow(), eventName, json), false, cancellationToken);
    }

    public Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        return SendAsync(engine, instanceId, new ExecutionSuspended(engine.Time.GetUtcNow(), reason), false, cancellationToken);
    }

    public Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        return SendAsync(engine, instanceId, new ExecutionResumed(engine.Time.GetUtcNow(), reason), false, cancellationToken);
    }

    public Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        string? json = engine.Limits.Serialize(output, "output");
        return SendAsync(engine, instanceId, new ExecutionTerminated(engine.Time.GetUtcNow(), json), recursive,
            cancellationToken);
    }

    public async Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        EngineCore engine = owner.Core;
        engine.EnsureWorking();
        var job = new PurgeJob(engine, instanceId);
        engine.Writer.Enqueue(job);
        return await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(
        string instanceId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        (InstanceRow? row, List<byte[]> history) = await Task.Run(
            () => engine.Readers.Read(connection => InstanceTable.Find(connection, instanceId) is { } found
                ? LiveInstance.Read(connection, found.Seq)
                : (null, [])),
            cancellationToken).ConfigureAwait(false);
        if (row is null)
        {
            yield break;
        }

        yield return row.Started;
        foreach (byte[] turn in history)
        {
            foreach (HistoryEvent next in HistoryCodec.ReadOf(instanceId, turn))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return next;
            }
        }
    }

    private static async Task SendAsync(
        EngineCore engine, string instanceId, HistoryEvent message, bool recursive, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        cancellationToken.ThrowIfCancellationRequested();
        engine.EnsureWorking();
        (long seq, OrchestrationStatus status,
            long? _) = engine.Readers.ReadOne(connection => InstanceTable.Find(connection, instanceId))
            ?? throw NotFound(instanceId);
        if (InstanceRow.IsEndedStatus(status))
        {
            return;
        }

        var ack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Instances.Deliver(seq, new Message { Event = message, IsRecursive = recursive, Ack = ack });
        await ack.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static AgentException NotFound(string instanceId) =>
        new(ErrorCode.InstanceNotFound, $"There is no instance '{instanceId}'; check the id, it may have been purged.");
}
