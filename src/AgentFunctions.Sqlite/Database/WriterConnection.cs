using System.Globalization;

namespace AgentFunctions.Sqlite.Database;

/// <summary>Opens a data file for writing.</summary>
internal static class WriterConnection
{
    /// <summary>Opens a file, brings it to the present version and notes who has it.</summary>
    /// <param name="dataFile">The file; the caller holds its lock.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/> or <see cref="ErrorCode.EngineUnavailable"/>.
    /// </exception>
    public static Connection Open(string dataFile)
    {
        Connection? connection = null;
        try
        {
            connection = Connection.Open(dataFile, readOnly: false);
            UseLog(connection, dataFile);
            Schema.Migrate(connection, dataFile);
            connection.Execute(string.Create(
                CultureInfo.InvariantCulture,
                $"BEGIN; DELETE FROM owner; INSERT INTO owner VALUES ({Environment.ProcessId}); COMMIT"));
            return connection;
        }
        catch (DatabaseException error)
        {
            connection?.Dispose();
            throw error.ToAgentException(dataFile);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    private static void UseLog(Connection connection, string dataFile)
    {
        using (Statement journal = connection.PrepareOnce("PRAGMA journal_mode = WAL"))
        {
            if (!journal.Step() || journal.Text(0) is not ("wal" or "memory"))
            {
                throw new AgentException(
                    ErrorCode.EngineUnavailable,
                    $"The file system of '{dataFile}' cannot share memory, which SQLite's log needs; choose a local disk.");
            }
        }

        // Full: a commit is on the disk when it returns. A checkpoint costs two flushes, so it is rarer than by default: every
        // 16 MB. What a large blob has made of the log is cut back to 64 MB.
        // What is deleted is overwritten; what copies are left of it is gone when the file is rewritten.
        connection.Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON");
    }

    /// <summary>Notes that nobody has the file any more.</summary>
    /// <param name="connection">The connection, before it is closed.</param>
    public static void Release(Connection connection)
    {
        try
        {
            connection.Execute("DELETE FROM owner");
        }
        catch (DatabaseException)
        {
            // The disk is full or gone; the note is only for people.
        }
    }
}
