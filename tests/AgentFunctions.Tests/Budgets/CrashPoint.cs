using AgentFunctions.Storage;
using AgentFunctions.Tests.Storage;

namespace AgentFunctions.Tests.Budgets;

/// <summary>
/// A process that dies at some store operation: that one and all further ones never return, whether or not it took place.
/// </summary>
internal sealed class CrashPoint(Random random)
{
    private readonly TaskCompletionSource _dead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = int.MaxValue;

    /// <summary>Completes when the process is as good as dead.</summary>
    public Task Dead => _dead.Task;

    /// <summary>Lets so many operations pass.</summary>
    public void Arm(int operations) => Volatile.Write(ref _left, operations);

    public async Task<T> RunAsync<T>(Func<Task<T>> operation, CancellationToken cancellationToken)
    {
        int left = Interlocked.Decrement(ref _left);
        if (left < 0)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        if (left == 0)
        {
            bool done;
            lock (random)
            {
                done = random.Next(2) == 0;
            }

            try
            {
                if (done)
                {
                    await operation();
                }
            }
            catch (AgentException)
            {
                // Nobody hears of a conflict either.
            }

            _dead.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return await operation();
    }
}

internal sealed class CrashingLogs(ILogStore inner, CrashPoint crash) : DelegatingLogStore(inner)
{
    public override Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default) =>
        crash.RunAsync(() => base.AppendAsync(stream, entries, expectedPosition, cancellationToken), cancellationToken);
}

internal sealed class CrashingRecords(IRecordStore inner, CrashPoint crash) : IRecordStore
{
    public bool IsShared => inner.IsShared;

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        crash.RunAsync(() => inner.GetAsync(key, cancellationToken), cancellationToken);

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default) =>
        crash.RunAsync(() => inner.PutAsync(key, value, condition, cancellationToken), cancellationToken);

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        crash.RunAsync(
            async () =>
            {
                await inner.DeleteAsync(key, condition, cancellationToken);
                return true;
            },
            cancellationToken);

    public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
        CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, after, cancellationToken);
}
