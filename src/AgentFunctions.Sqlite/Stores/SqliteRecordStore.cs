using System.Runtime.CompilerServices;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Records as rows. Writes share the engine's commits.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteRecordStore(SqliteEngine owner) : IRecordStore
{
    private const int MaxValueBytes = 1024 * 1024;
    private const int PageSize = 256;

    private static readonly Task<StoredRecord?> s_none = Task.FromResult<StoredRecord?>(null);

    /// <summary>Gets <see langword="false"/>: the data file is locked, so that one process has it.</summary>
    public bool IsShared => false;

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        StoreNames.Check(key, "key");
        cancellationToken.ThrowIfCancellationRequested();
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        return engine.RecordKinds.IsUnused(key) ? s_none : Task.FromResult(engine.Readers.ReadOne(connection =>
        {
            Statement find = connection.Prepare("SELECT key, value, etag FROM records WHERE key = ?").Bind(1, key);
            StoredRecord? record = find.Step() ? Read(find) : null;
            find.Reset();
            if (record is null)
            {
                engine.RecordKinds.Missed(key, connection);
            }

            return record;
        }));
    }

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        try
        {
            return Enqueue(key, value, condition).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is AgentException or ArgumentException)
        {
            return Task.FromException<string>(e);
        }
    }

    private Task<string> Enqueue(string key, ReadOnlyMemory<byte> value, RecordCondition condition)
    {
        StoreNames.Check(key, "key");
        StoreNames.CheckSize(value.Length, MaxValueBytes, $"record '{key}'");
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Put(engine, key, value, condition);
        engine.Writer.Enqueue(job);
        return job.Task;
    }

    public async Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default)
    {
        StoreNames.Check(key, "key");
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Delete(key, condition);
        engine.Writer.Enqueue(job);
        await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<StoredRecord> ListAsync(
        string prefix, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        EngineCore engine = owner.Core;
        string? last = after;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            engine.EnsureRunning();
            if (engine.RecordKinds.IsUnused(prefix))
            {
                yield break;
            }

            string? from = last;
            List<StoredRecord> page = engine.Readers.ReadOne(connection => ReadPage(engine, connection, prefix, from));
            foreach (StoredRecord record in page)
            {
                yield return record;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = page[^1].Key;
        }
    }

    private static List<StoredRecord> ReadPage(EngineCore engine, Connection connection, string prefix, string? after)
    {
        // '~' follows every character that a key may have.
        Statement find = connection.Prepare(
            "SELECT key, value, etag FROM records WHERE key >= ?1 AND key < ?1 || '~' AND key > ?2 ORDER BY key LIMIT ?3")
            .Bind(1, prefix).Bind(2, after ?? "").Bind(3, PageSize);
        List<StoredRecord> page = [];
        while (find.Step())
        {
            page.Add(Read(find));
        }

        if (page.Count == 0)
        {
            engine.RecordKinds.Missed(prefix, connection);
        }

        return page;
    }

    private static StoredRecord Read(Statement row) => new(row.Text(0)!, row.Bytes(1).ToArray(), row.Guid(2).ToString("N"));

    private static void Check(Connection connection, string key, RecordCondition condition)
    {
        if (condition == default)
        {
            return;
        }

        string? etag = FindEtag(connection, key);
        if (condition.MustNotExist ? etag is not null : etag != condition.Etag)
        {
            throw Conflict(key, condition, etag);
        }
    }

    private static string? FindEtag(Connection connection, string key)
    {
        Statement find = connection.Prepare("SELECT etag FROM records WHERE key = ?").Bind(1, key);
        string? etag = find.Step() ? find.Guid(0).ToString("N") : null;
        find.Reset();
        return etag;
    }

    private static AgentException Conflict(string key, RecordCondition condition, string? etag) => new(
        ErrorCode.EtagConflict,
        condition.MustNotExist
            ? $"There is a record '{key}' already; read it and write with its version."
            : $"The record '{key}' {(etag is null ? "is gone" : "has changed")}; read it again and repeat.");

    private sealed class Put(EngineCore engine, string key, ReadOnlyMemory<byte> value, RecordCondition condition)
        : WriteJob<string>
    {
        private readonly Guid _etag = Guid.NewGuid();

        protected override string Result => _etag.ToString("N");

        public override void Apply(WriteTransaction transaction)
        {
            Connection connection = transaction.Connection;
            if (condition.Etag is { } expected)
            {
                // Nothing else gives versions, so one of another form is that of no record.
                _ = Guid.TryParseExact(expected, "N", out Guid version);
                connection.Prepare("UPDATE records SET etag = ?, value = ? WHERE key = ? AND etag = ?")
                    .Bind(1, _etag).Bind(2, value.Span).Bind(3, key).Bind(4, version).Run();
            }
            else
            {
                connection.Prepare(condition.MustNotExist
                    ? "INSERT INTO records (key, etag, value) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
                    : "INSERT INTO records (key, etag, value) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET etag = excluded.etag, value = excluded.value")
                    .Bind(1, key).Bind(2, _etag).Bind(3, value.Span).Run();
            }

            if (connection.Changes == 0)
            {
                throw Conflict(key, condition, FindEtag(connection, key));
            }
        }

        public override void Committed()
        {
            engine.RecordKinds.Written(key);
            base.Committed();
        }
    }

    private sealed class Delete(string key, RecordCondition condition) : WriteJob<bool>
    {
        protected override bool Result => true;

        public override void Apply(WriteTransaction transaction)
        {
            Check(transaction.Connection, key, condition);
            transaction.Connection.Prepare("DELETE FROM records WHERE key = ?").Bind(1, key).Run();
        }
    }
}
