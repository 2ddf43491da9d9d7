using SQLitePCL;

namespace AgentFunctions.Sqlite.Database;

/// <summary>One prepared statement. Parameters are numbered from 1, columns from 0.</summary>
internal sealed class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(handle, index, value));
        return this;
    }

    public Statement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement Bind(int index, string? value)
    {
        if (value is null)
        {
            return BindNull(index);
        }

        Check(raw.sqlite3_bind_text(handle, index, value));
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        // An empty span has no address, and SQLite would read that as NULL.
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, index, 0) : raw.sqlite3_bind_blob(handle, index, value));
        return this;
    }

    public Statement Bind(int index, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return Bind(index, bytes);
    }

    public Statement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(handle, index));
        return this;
    }

    /// <summary>
    /// Goes to the next row; <see langword="false"/> at the end, where the statement is ready to be bound again.
    /// </summary>
    public bool Step()
    {
        int result = raw.sqlite3_step(handle);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        DatabaseException? error = result == raw.SQLITE_DONE ? null : connection.LastError(result);
        Reset();
        return error is null ? false : throw error;
    }

    /// <summary>Runs a statement whose rows, if any, are of no interest.</summary>
    public void Run()
    {
        while (Step())
        {
        }
    }

    /// <summary>Leaves the rows that have not been read.</summary>
    public void Reset() => _ = raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public int Int32(int column) => raw.sqlite3_column_int(handle, column);

    public string? Text(int column) => IsNull(column) ? null : raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>The bytes of a column, valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public Guid Guid(int column) => new(Bytes(column));

    public void Dispose() => handle.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw connection.LastError(result);
        }
    }
}
