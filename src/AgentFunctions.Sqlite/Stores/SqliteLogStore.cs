using System.Runtime.CompilerServices;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Streams as rows. Appends share the engine's commits.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteLogStore(SqliteEngine owner) : ILogStore
{
    private const int MaxEntryBytes = 1024 * 1024;
    private const int PageSize = 256;

    /// <summary>Gets <see langword="false"/>: the data file is locked, so that one process has it.</summary>
    public bool IsShared => false;

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            return Enqueue(stream, entries, expectedPosition).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is AgentException or ArgumentException)
        {
            return Task.FromException<long>(e);
        }
    }

    private Task<long> Enqueue(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition)
    {
        StoreNames.Check(stream, "stream");
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.Count == 0)
        {
            throw new AgentException(ErrorCode.InvalidInput, "There are no entries to append; pass at least one.");
        }

        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            StoreNames.CheckSize(entry.Length, MaxEntryBytes, $"entry of stream '{stream}'");
        }

        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Append(engine, stream, entries, expectedPosition);
        engine.Writer.Enqueue(job);
        return job.Task;
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StoreNames.Check(stream, "stream");
        ArgumentOutOfRangeException.ThrowIfNegative(fromPosition);
        EngineCore engine = owner.Core;
        long next = fromPosition;
        long left = maxCount ?? long.MaxValue;
        while (left > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            engine.EnsureRunning();
            long from = next;
            int size = (int)Math.Min(left, PageSize);
            List<LogEntry> page = engine.Readers.ReadOne(connection => ReadPage(connection, stream, from, size));
            foreach (LogEntry entry in page)
            {
                yield return entry;
            }

            if (page.Count < size)
            {
                yield break;
            }

            left -= size;
            next = page[^1].Position + 1;
        }
    }

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default)
    {
        StoreNames.Check(stream, "stream");
        cancellationToken.ThrowIfCancellationRequested();
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        return Task.FromResult(engine.Readers.ReadOne(connection =>
        {
            Statement find = connection.Prepare(
                "SELECT max(position) + 1 FROM log_entries WHERE stream = (SELECT id FROM log_streams WHERE name = ?)")
                .Bind(1, stream);
            long length = find.Step() ? find.Int64(0) : 0;
            find.Reset();
            return length;
        }));
    }

    public async Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken)
    {
        EngineCore engine = owner.Core;
        while (true)
        {
            // Listen first, then look: an append in between is heard.
            Task appended = engine.Appends.Listen(stream);
            try
            {
                if (await GetLengthAsync(stream, cancellationToken).ConfigureAwait(false) > length)
                {
                    return;
                }

                await appended.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                engine.Appends.Leave(stream, appended);
            }
        }
    }

    public async Task TrimAsync(string stream, long before, CancellationToken cancellationToken = default)
    {
        StoreNames.Check(stream, "stream");
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Trim(engine, stream, before);
        engine.Writer.Enqueue(job);
        await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> FindTrimAsync(string stream, long before, CancellationToken cancellationToken = default) =>
        Math.Min(before, Math.Max(0, await GetLengthAsync(stream, cancellationToken).ConfigureAwait(false) - 1));

    public async Task DeleteAsync(string stream, CancellationToken cancellationToken = default)
    {
        StoreNames.Check(stream, "stream");
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Delete(engine, stream);
        engine.Writer.Enqueue(job);
        await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static List<LogEntry> ReadPage(Connection connection, string stream, long from, int size)
    {
        List<LogEntry> page = [];
        Statement find = connection.Prepare(
            """
            SELECT position, data FROM log_entries
            WHERE stream = (SELECT id FROM log_streams WHERE name = ?) AND position >= ? ORDER BY position LIMIT ?
            """)
            .Bind(1, stream).Bind(2, from).Bind(3, size);
        while (find.Step())
        {
            page.Add(new LogEntry(find.Int64(0), find.Bytes(1).ToArray()));
        }

        return page;
    }

    private sealed class Append(
        EngineCore engine, string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition) : WriteJob<long>
    {
        private long _first;
        private StreamEnd _end;

        protected override long Result => _first;

        public override void Apply(WriteTransaction transaction)
        {
            Connection connection = transaction.Connection;
            StreamEnd? found = engine.StreamEnds.Find(transaction, stream);
            _first = found?.Length ?? 0;
            if (expectedPosition is { } expected && expected != _first)
            {
                throw new AgentException(
                    ErrorCode.PositionConflict,
                    $"Stream '{stream}' ends at position {_first}, not {expected}; read what came in between and repeat.");
            }

            if (found?.Id is not { } id)
            {
                connection.Prepare("INSERT INTO log_streams (name) VALUES (?)").Bind(1, stream).Run();
                id = connection.LastInsertRowId;
            }

            for (int index = 0; index < entries.Count; index++)
            {
                connection.Prepare("INSERT INTO log_entries (stream, position, data) VALUES (?, ?, ?)")
                    .Bind(1, id).Bind(2, _first + index).Bind(3, entries[index].Span).Run();
            }

            _end = new StreamEnd(id, _first + entries.Count);
            transaction.StreamEnds[stream] = _end;
        }

        public override void Committed()
        {
            engine.StreamEnds.Keep(stream, _end);
            engine.Appends.Raise(stream);
            base.Committed();
        }
    }

    private sealed class Delete(EngineCore engine, string stream) : WriteJob<bool>
    {
        protected override bool Result => true;

        public override void Apply(WriteTransaction transaction)
        {
            Connection connection = transaction.Connection;
            if (engine.StreamEnds.Find(transaction, stream) is { } found)
            {
                connection.Prepare("DELETE FROM log_entries WHERE stream = ?").Bind(1, found.Id).Run();
                connection.Prepare("DELETE FROM log_streams WHERE id = ?").Bind(1, found.Id).Run();
            }

            transaction.StreamEnds[stream] = null;
        }

        public override void Committed()
        {
            engine.StreamEnds.Keep(stream, null);
            base.Committed();
        }
    }

    private sealed class Trim(EngineCore engine, string stream, long before) : WriteJob<bool>
    {
        protected override bool Result => true;

        public override void Apply(WriteTransaction transaction)
        {
            Connection connection = transaction.Connection;
            if (engine.StreamEnds.Find(transaction, stream) is { } found)
            {
                // The last entry says how long the stream is.
                connection.Prepare("DELETE FROM log_entries WHERE stream = ? AND position < ?")
                    .Bind(1, found.Id).Bind(2, Math.Min(before, found.Length - 1)).Run();
            }
        }
    }
}
