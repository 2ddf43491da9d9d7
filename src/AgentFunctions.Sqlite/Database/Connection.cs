using SQLitePCL;

namespace AgentFunctions.Sqlite.Database;

/// <summary>One SQLite connection and its prepared statements; used by one thread at a time.</summary>
/// <remarks>Sits on the native API directly: a step costs a handful of calls, and ADO.NET's objects would double them.</remarks>
internal sealed class Connection : IDisposable
{
    /// <summary>How long others that use the file are waited for unless something else is said, in milliseconds.</summary>
    public const int UsualPatience = 5_000;

    private readonly sqlite3 _handle;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    static Connection() => Batteries_V2.Init();

    private Connection(sqlite3 handle) => _handle = handle;

    /// <summary>Gets the rowid of the last insert.</summary>
    public long LastInsertRowId => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Gets how many rows the last statement that writes has changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>Gets whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Opens a file, and creates it where it may be written.</summary>
    /// <param name="path">The file, or <c>:memory:</c>.</param>
    /// <param name="readOnly">Whether nothing may be written.</param>
    public static Connection Open(string path, bool readOnly)
    {
        int flags = raw.SQLITE_OPEN_NOMUTEX
            | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        int result = raw.sqlite3_open_v2(path, out sqlite3 handle, flags, null);
        var connection = new Connection(handle);
        if (result != raw.SQLITE_OK)
        {
            DatabaseException error = connection.LastError(result);
            connection.Dispose();
            throw error;
        }

        _ = raw.sqlite3_extended_result_codes(handle, 1);
        connection.WaitForOthers(UsualPatience);
        if (!readOnly)
        {
            // For macOS, where a flush reaches the disk itself only if it is asked for so; elsewhere it changes nothing.
            connection.Execute("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
        }

        return connection;
    }

    /// <summary>Sets how long is waited for others that use the file.</summary>
    /// <param name="milliseconds">How long.</param>
    public void WaitForOthers(int milliseconds) => _ = raw.sqlite3_busy_timeout(_handle, milliseconds);

    /// <summary>A prepared statement, kept for the next use.</summary>
    /// <param name="sql">One statement; a constant, because every text is kept.</param>
    public Statement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out Statement? statement))
        {
            statement = PrepareOnce(sql);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>A prepared statement that the caller disposes.</summary>
    /// <param name="sql">One statement.</param>
    public Statement PrepareOnce(string sql)
    {
        int result = raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt handle);
        return result == raw.SQLITE_OK ? new Statement(this, handle) : throw LastError(result);
    }

    /// <summary>Runs any number of statements that take no parameters.</summary>
    /// <param name="sql">The statements.</param>
    public void Execute(string sql)
    {
        int result = raw.sqlite3_exec(_handle, sql);
        if (result != raw.SQLITE_OK)
        {
            throw LastError(result);
        }
    }

    /// <summary>The first column of the first row, or 0.</summary>
    /// <param name="sql">The query.</param>
    public long Scalar(string sql)
    {
        using Statement statement = PrepareOnce(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    public DatabaseException LastError(int result)
    {
        int extended = raw.sqlite3_extended_errcode(_handle);
        string words = raw.sqlite3_errmsg(_handle).utf8_to_string();
        return new DatabaseException((extended & 0xFF) == (result & 0xFF) ? extended : result, words);
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _handle.Dispose();
    }
}
