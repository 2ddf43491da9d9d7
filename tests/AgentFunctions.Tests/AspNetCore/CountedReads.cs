using System.Collections.Concurrent;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore;

/// <summary>
/// Counts what is read, but for whether a run was erased: with each sign of life a stream looks whether its follower may still
/// see the run.
/// </summary>
internal sealed class CountedReads
{
    private readonly ConcurrentDictionary<string, int> _lists = new(StringComparer.Ordinal);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Gets how often the records of a prefix were listed.</summary>
    public int ListsOf(string prefix) => _lists.GetValueOrDefault(prefix);

    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton<IRecordStore>(provider => new Records(provider.GetRequiredService<SqliteEngine>().Records, this));
        services.AddSingleton<ILogStore>(provider => new Logs(provider.GetRequiredService<SqliteEngine>().Logs, this));
    }

    private void Note(string key)
    {
        if (!key.StartsWith("erased/", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _count);
        }
    }

    private sealed class Records(IRecordStore inner, CountedReads reads) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
        {
            reads.Note(key);
            return inner.GetAsync(key, cancellationToken);
        }

        public Task<string> PutAsync(
            string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
            CancellationToken cancellationToken = default) => inner.PutAsync(key, value, condition, cancellationToken);

        public Task DeleteAsync(
            string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(
            string prefix, string? after = null, CancellationToken cancellationToken = default)
        {
            reads._lists.AddOrUpdate(prefix, 1, static (_, count) => count + 1);
            reads.Note(prefix);
            return inner.ListAsync(prefix, after, cancellationToken);
        }
    }

    private sealed class Logs(ILogStore inner, CountedReads reads) : DelegatingLogStore(inner)
    {
        public override IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default)
        {
            reads.Note(stream);
            return base.ReadAsync(stream, fromPosition, maxCount, cancellationToken);
        }

        public override Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default)
        {
            reads.Note(stream);
            return base.GetLengthAsync(stream, cancellationToken);
        }
    }
}
