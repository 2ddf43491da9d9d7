using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Rewrites the data file without what was deleted, and empties its log.</summary>
/// <remarks>
/// SQLite overwrites a record when it is deleted (<c>secure_delete</c>), but not the copies of it that stay in the unused space
/// of a page when records are moved between pages. Only a rewrite of the file leaves none of them.
/// </remarks>
/// <param name="owner">The engine.</param>
internal sealed class SqliteMaintenance(SqliteEngine owner) : IStoreMaintenance, IDisposable
{
    /// <summary>How long the writer waits for those who read, in milliseconds.</summary>
    private const int Patience = 20;

    private readonly SemaphoreSlim _rewriting = new(1);
    private long _requested;
    private long _served;

    /// <inheritdoc/>
    public async Task ReclaimAsync(CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        long request = Interlocked.Increment(ref _requested);
        await _rewriting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A rewrite takes seconds for a large file, and serves all who had asked for one when it began.
            if (_served < request)
            {
                long requested = Interlocked.Read(ref _requested);
                var rewrite = new Rewrite();
                engine.Writer.Enqueue(rewrite);
                await rewrite.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                _served = requested;
            }
        }
        finally
        {
            _rewriting.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<bool> EmptyLogAsync(CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        engine.EnsureWritable();

        // Apart from the writer: whoever commits meanwhile waits for none of it, and little is left to move while it waits.
        await Task.Run(() => MoveLog(engine.Options.DataFile), cancellationToken).ConfigureAwait(false);
        var checkpoint = new Checkpoint();
        engine.Writer.Enqueue(checkpoint);
        return await checkpoint.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _rewriting.Dispose();

    private static void MoveLog(string dataFile)
    {
        if (dataFile == SqliteEngineOptions.InMemory)
        {
            return;
        }

        try
        {
            using Connection connection = Connection.Open(dataFile, readOnly: false);
            connection.Scalar("PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(dataFile);
        }
    }

    /// <summary>Work outside of transactions that somebody waits for.</summary>
    private abstract class Job<T> : WriterJob
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _completion.Task;

        public sealed override void Run(Connection connection) => _completion.TrySetResult(Do(connection));

        public sealed override void Failed(AgentException error) => _completion.TrySetException(error);

        protected abstract T Do(Connection connection);
    }

    /// <summary>Writes the whole file anew, in one transaction.</summary>
    private sealed class Rewrite : Job<bool>
    {
        protected override bool Do(Connection connection)
        {
            connection.Execute("VACUUM");
            return true;
        }
    }

    /// <summary>
    /// Moves the rest of the log into the file and cuts it off; whether nobody was reading an older state. Commits wait
    /// meanwhile, so those who read are not waited for: whoever asked tries again.
    /// </summary>
    private sealed class Checkpoint : Job<bool>
    {
        protected override bool Do(Connection connection)
        {
            connection.WaitForOthers(Patience);
            try
            {
                return connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
            }
            finally
            {
                connection.WaitForOthers(Connection.UsualPatience);
            }
        }
    }
}
