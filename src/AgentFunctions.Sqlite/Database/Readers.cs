using System.Collections.Concurrent;

namespace AgentFunctions.Sqlite.Database;

/// <summary>Reads what is committed, beside the writer: several at a time on a file, one after the other in memory.</summary>
/// <param name="dataFile">The file.</param>
/// <param name="shared">The writer, where its connection is the only one that sees the data.</param>
internal sealed class Readers(string dataFile, Writer? shared) : IDisposable
{
    private const int MaxIdle = 8;

    private readonly ConcurrentBag<Connection> _idle = [];

    /// <summary>How many of them there are: the bag locks all its parts to count.</summary>
    private int _idleCount;

    private bool _closed;
    private long _reads;

    /// <summary>Gets how many reads there were.</summary>
    public long Count => Interlocked.Read(ref _reads);

    /// <summary>Reads at one moment of the data.</summary>
    /// <param name="read">Reads; must leave no statement half read.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/> or <see cref="ErrorCode.DataFileUnusable"/>: the file cannot be read.
    /// </exception>
    public T Read<T>(Func<Connection, T> read) => Read(read, inTransaction: true);

    /// <summary>Reads with one statement, which sees one moment of the data by itself.</summary>
    /// <param name="read">Reads; must leave the statement at its end or reset.</param>
    /// <exception cref="AgentException">As of <see cref="Read{T}(Func{Connection, T})"/>.</exception>
    public T ReadOne<T>(Func<Connection, T> read) => Read(read, inTransaction: false);

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out Connection? connection))
        {
            connection.Dispose();
        }
    }

    private T Read<T>(Func<Connection, T> read, bool inTransaction)
    {
        Interlocked.Increment(ref _reads);
        if (shared is not null)
        {
            var job = new ReadJob<T>(read);
            shared.Enqueue(job);
            return job.Result.GetAwaiter().GetResult();
        }

        if (_closed)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, "The engine has stopped; start it again and repeat the call.");
        }

        try
        {
            Connection connection = Take() ?? Connection.Open(dataFile, readOnly: true);
            try
            {
                T result = inTransaction ? AtOneMoment(connection, read) : read(connection);
                GiveBack(connection);
                return result;
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(dataFile);
        }
    }

    private static T AtOneMoment<T>(Connection connection, Func<Connection, T> read)
    {
        connection.Prepare("BEGIN").Run();
        T result = read(connection);
        connection.Prepare("COMMIT").Run();
        return result;
    }

    private Connection? Take()
    {
        if (!_idle.TryTake(out Connection? idle))
        {
            return null;
        }

        Interlocked.Decrement(ref _idleCount);
        return idle;
    }

    private void GiveBack(Connection connection)
    {
        if (_closed)
        {
            connection.Dispose();
        }
        else if (Interlocked.Increment(ref _idleCount) <= MaxIdle)
        {
            _idle.Add(connection);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
            connection.Dispose();
        }
    }

    private sealed class ReadJob<T>(Func<Connection, T> read) : WriterJob
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Result => _result.Task;

        public override void Run(Connection connection) => _result.SetResult(read(connection));

        public override void Failed(AgentException error) => _result.TrySetException(error);
    }
}
