using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Gives the free pages of the data file back, and empties its log, which still has what was deleted.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteMaintenance(SqliteEngine owner) : IStoreMaintenance
{
    /// <summary>How many pages are given back at a time, so that those who wait for a commit do not wait long.</summary>
    private const int PagesAtOnce = 256;

    /// <inheritdoc/>
    public async Task<bool> ReclaimAsync(CancellationToken cancellationToken = default)
    {
        EngineCore engine = owner.Core;
        engine.EnsureWritable();
        long free = long.MaxValue;
        while (true)
        {
            var vacuum = new Vacuum();
            engine.Writer.Enqueue(vacuum);
            long left = await vacuum.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (left == 0 || left >= free)
            {
                break;
            }

            free = left;
        }

        var checkpoint = new Checkpoint();
        engine.Writer.Enqueue(checkpoint);
        return await checkpoint.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>Gives some pages back; the pages that are left. A file of an earlier version gives none until it is compacted.</summary>
    private sealed class Vacuum : Job<long>
    {
        protected override long Do(Connection connection)
        {
            connection.Execute($"PRAGMA incremental_vacuum({PagesAtOnce})");
            return connection.Scalar("PRAGMA freelist_count");
        }
    }

    /// <summary>Moves the log into the file and cuts it off; whether nobody was reading an older state.</summary>
    private sealed class Checkpoint : Job<bool>
    {
        protected override bool Do(Connection connection) => connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    }
}
