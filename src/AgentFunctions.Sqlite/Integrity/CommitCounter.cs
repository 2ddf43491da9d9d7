using AgentFunctions.Sqlite.Database;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Integrity;

/// <summary>Counts the commits of an engine, in the file and, once they are on the disk, in its head.</summary>
internal sealed class CommitCounter : IDisposable
{
    private readonly HeadFile _file;
    private readonly ILogger _logger;
    private Head _head;
    private bool _failed;

    private CommitCounter(HeadFile file, Head head, ILogger logger)
    {
        _file = file;
        _head = head;
        _logger = logger;
    }

    /// <summary>Notes a start in the file and in its head.</summary>
    /// <param name="connection">The writer's connection.</param>
    /// <param name="file">The head.</param>
    /// <param name="logger">Where a head that cannot be written is told.</param>
    public static CommitCounter Begin(Connection connection, HeadFile file, ILogger logger)
    {
        Head head = HeadTable.Begin(connection);
        file.Write(head, flush: true);
        return new CommitCounter(file, head, logger);
    }

    /// <summary>Counts the open transaction in the file.</summary>
    public void Count(Connection connection) => HeadTable.Count(connection);

    /// <summary>Moves the head on: the transaction is on the disk.</summary>
    public void Committed()
    {
        _head = _head with { Count = _head.Count + 1 };
        try
        {
            _file.Write(_head);
            _failed = false;
        }
        catch (AgentException error)
        {
            if (!_failed)
            {
                _failed = true;
                _logger.LogHeadNotWritten(error);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
