namespace AgentFunctions.Sqlite.Database;

/// <summary>Work for the writer, between two transactions.</summary>
internal abstract class WriterJob
{
    /// <summary>Runs as the writer, outside any transaction.</summary>
    /// <param name="connection">The writer's connection.</param>
    public abstract void Run(Connection connection);

    /// <summary>The work could not be done; nothing of it is on disk.</summary>
    /// <param name="error">The reason.</param>
    public abstract void Failed(AgentException error);
}

/// <summary>Work that shares a transaction, and so one flush to disk, with whatever else is waiting.</summary>
internal abstract class WriteJob : WriterJob
{
    /// <summary>Writes. An <see cref="AgentException"/> rejects this job alone, so it must come before the first write.</summary>
    /// <param name="transaction">Where to write.</param>
    public abstract void Apply(WriteTransaction transaction);

    /// <summary>What was applied is on disk. Runs as the writer: hand longer work elsewhere.</summary>
    public abstract void Committed();

    public sealed override void Run(Connection connection) => Committed();
}

/// <summary>One transaction of the writer.</summary>
/// <param name="connection">The writer's connection.</param>
internal sealed class WriteTransaction(Connection connection)
{
    /// <summary>Gets the writer's connection.</summary>
    public Connection Connection { get; } = connection;

    /// <summary>Instances that this transaction has deleted: a turn of theirs that comes later must not be recorded.</summary>
    public HashSet<long> Removed { get; } = [];

    /// <summary>
    /// Gets where the streams end that this transaction has written to; <see langword="null"/> for one that it deleted.
    /// </summary>
    public Dictionary<string, StreamEnd?> StreamEnds { get; } = new(StringComparer.Ordinal);

    /// <summary>Begins it anew.</summary>
    public void Begin()
    {
        Removed.Clear();
        StreamEnds.Clear();
        Connection.Prepare("BEGIN IMMEDIATE").Run();
    }
}
