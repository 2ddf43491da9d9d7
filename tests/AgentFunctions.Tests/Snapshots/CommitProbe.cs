using AgentFunctions.Tests.Hosting;
using Microsoft.Data.Sqlite;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>Notes, in the data file itself, in which commit each write of a host to its stores was made.</summary>
internal static class CommitProbe
{
    /// <summary>Starts a host again with the probe in its data file.</summary>
    /// <param name="host">The host.</param>
    /// <param name="more">More to do to the file.</param>
    public static async Task EnterAsync(RunHost host, string more = "")
    {
        await host.StopAsync();
        Execute(
            host.DataFile,
            more + """
            CREATE TABLE probe (number INTEGER PRIMARY KEY, write_to TEXT NOT NULL, made_in INTEGER NOT NULL, data BLOB NOT NULL);
            CREATE TRIGGER probe_log AFTER INSERT ON log_entries BEGIN
                INSERT INTO probe (write_to, made_in, data)
                SELECT (SELECT name FROM log_streams WHERE id = NEW.stream), (SELECT count FROM head), NEW.data;
            END;
            CREATE TRIGGER probe_record AFTER INSERT ON records BEGIN
                INSERT INTO probe (write_to, made_in, data) SELECT NEW.key, (SELECT count FROM head), NEW.value;
            END;
            CREATE TRIGGER probe_blob AFTER INSERT ON blobs BEGIN
                INSERT INTO probe (write_to, made_in, data) SELECT 'blobs/' || lower(hex(NEW.hash)), (SELECT count FROM head), x'';
            END;
            """);
        await host.StartAgainAsync();
    }

    /// <summary>Reads the writes since the probe was entered, in their order.</summary>
    public static IReadOnlyList<Written> Read(RunHost host)
    {
        using SqliteConnection connection = Open(host.DataFile);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT write_to, made_in, data FROM probe ORDER BY number";
        using SqliteDataReader reader = command.ExecuteReader();
        var written = new List<Written>();
        while (reader.Read())
        {
            written.Add(new Written(reader.GetString(0), reader.GetInt64(1), (byte[])reader[2]));
        }

        return written;
    }

    private static void Execute(string file, string text)
    {
        using SqliteConnection connection = Open(file);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return connection;
    }
}

/// <summary>Represents a write to a store.</summary>
/// <param name="To">The key, or the stream.</param>
/// <param name="Commit">The commit that it is in.</param>
/// <param name="Data">What was written.</param>
internal sealed record Written(string To, long Commit, byte[] Data);
