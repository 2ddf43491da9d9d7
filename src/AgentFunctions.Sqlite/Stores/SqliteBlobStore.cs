using System.Security.Cryptography;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Content as rows under its hash. Writes share the engine's commits.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteBlobStore(SqliteEngine owner) : IBlobStore
{
    private const int MaxContentBytes = 256 * 1024 * 1024;

    public async Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        StoreNames.CheckSize(content.Length, MaxContentBytes, "content");
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        byte[] hash = SHA256.HashData(content.Span);
        if (!engine.Readers.ReadOne(connection => Exists(connection, hash)))
        {
            var job = new Put(hash, content);
            engine.Writer.Enqueue(job);
            await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return Convert.ToHexStringLower(hash);
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken = default)
    {
        byte[] key = Parse(hash);
        cancellationToken.ThrowIfCancellationRequested();
        EngineCore engine = owner.Core;
        engine.EnsureRunning();
        byte[]? content = engine.Readers.ReadOne(connection => Read(connection, key));
        return Task.FromResult(content is null ? default(ReadOnlyMemory<byte>?) : content);
    }

    public async Task DeleteAsync(string hash, CancellationToken cancellationToken = default)
    {
        byte[] key = Parse(hash);
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        var job = new Delete(key);
        engine.Writer.Enqueue(job);
        await job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Parse(string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        byte[] key = new byte[SHA256.HashSizeInBytes];
        return hash.Length == key.Length * 2
            && Convert.FromHexString(hash, key, out _, out _) == System.Buffers.OperationStatus.Done
            ? key
            : throw new AgentException(ErrorCode.InvalidInput,
                "The hash is none: pass the 64 hexadecimal digits that a put returned.");
    }

    private static bool Exists(Connection connection, byte[] hash)
    {
        Statement find = connection.Prepare("SELECT 1 FROM blobs WHERE hash = ?").Bind(1, hash);
        bool exists = find.Step();
        find.Reset();
        return exists;
    }

    private static byte[]? Read(Connection connection, byte[] hash)
    {
        Statement find = connection.Prepare("SELECT content FROM blobs WHERE hash = ?").Bind(1, hash);
        byte[]? content = find.Step() ? find.Bytes(0).ToArray() : null;
        find.Reset();
        return content;
    }

    private sealed class Put(byte[] hash, ReadOnlyMemory<byte> content) : WriteJob<bool>
    {
        protected override bool Result => true;

        public override void Apply(WriteTransaction transaction) =>
            transaction.Connection.Prepare("INSERT INTO blobs (hash, content) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING")
                .Bind(1, hash).Bind(2, content.Span).Run();
    }

    private sealed class Delete(byte[] hash) : WriteJob<bool>
    {
        protected override bool Result => true;

        public override void Apply(WriteTransaction transaction) =>
            transaction.Connection.Prepare("DELETE FROM blobs WHERE hash = ?").Bind(1, hash).Run();
    }
}
