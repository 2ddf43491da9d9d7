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

    /// <summary>How long the writer waits for those who read, in milliseconds.</summary>
    private const int Patience = 20;

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

        // Apart from the writer: whoever commits meanwhile waits for none of it, and little is left to move while it waits.
        await Task.Run(() => MoveLog(engine.Options.DataFile), cancellationToken).ConfigureAwait(false);
        var checkpoint = new Checkpoint();
        engine.Writer.Enqueue(checkpoint);
        return await checkpoint.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

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

    /// <summary>Gives some pages back; the pages that are left. A file of an earlier version gives none until it is compacted.</summary>
    private sealed class Vacuum : Job<long>
    {
        protected override long Do(Connection connection)
        {
            connection.Execute($"PRAGMA incremental_vacuum({PagesAtOnce})");
            return connection.Scalar("PRAGMA freelist_count");
        }
    }

    /// <summary>
    /// Moves the rest of the log into the file and cuts it off; whether nobody was reading an older state. Commits wait meanwhile, so those
    /// who read are not waited for: whoever asked tries again.
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
