using System.Diagnostics;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Integrity;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Sqlite.Operations;

/// <summary>
/// Inspects and maintains data files. All methods but <see cref="Accept"/>, <see cref="Compact"/> and <see cref="Reindex"/> only
/// read, and may be called while an engine runs on the file.
/// </summary>
/// <remarks>
/// Every member throws <see cref="AgentException"/>: <see cref="ErrorCode.InvalidInput"/> where there is no such file,
/// <see cref="ErrorCode.DataFileUnusable"/> where it is none of ours or cannot be read.
/// </remarks>
public static class DataFile
{
    /// <summary>Reads the status of a file.</summary>
    /// <param name="path">The file.</param>
    public static DataFileStatus Status(string path) => Read(path, connection => new DataFileStatus
    {
        Path = Path.GetFullPath(path),
        SchemaVersion = (int)connection.Scalar("PRAGMA user_version"),
        InUseBy = OwnerOf(path, connection),
        Bytes = new FileInfo(path).Length,
        WalBytes = WalBytes(path),
        FreeBytes = connection.Scalar("PRAGMA freelist_count") * connection.Scalar("PRAGMA page_size"),
        Instances = InstancesByStatus(connection),
        Turns = connection.Scalar("SELECT count(*) FROM history"),
        Timers = connection.Scalar("SELECT count(*) FROM timers"),
        NextTimer = connection.Scalar("SELECT min(fire_at) FROM timers") is > 0 and long ticks ? InstanceRow.Time(ticks) : null,
        Messages = connection.Scalar("SELECT count(*) FROM inbox"),
        Streams = connection.Scalar("SELECT count(*) FROM log_streams"),
        StreamEntries = connection.Scalar("SELECT count(*) FROM log_entries"),
        Records = connection.Scalar("SELECT count(*) FROM records"),
        Blobs = connection.Scalar("SELECT count(*) FROM blobs"),
        BlobBytes = connection.Scalar("SELECT total(length(content)) FROM blobs"),
    });

    /// <summary>
    /// Reads everything and looks for damage: of the file, of a history, between tables, of content; and compares the file with
    /// its head, so that a file that was emptied, cut, swapped or rolled back is seen.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="keyFolder">
    /// The folder of the host's keys, which has the head; by default <c>keys</c> beside the file, or the file's name with
    /// <c>.keys</c>.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the check.</param>
    /// <returns>What is wrong, in words; empty where all is well.</returns>
    public static IReadOnlyList<string> Check(string path, string? keyFolder = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string? problem = FindProblem(path, keyFolder);
        if (problem is null)
        {
            return Read(path, connection => Inspection.Run(connection, cancellationToken));
        }

        string finding = $"The file has lost something: {problem}";
        try
        {
            return [finding, .. Read(path, connection => Inspection.Run(connection, cancellationToken))];
        }
        catch (AgentException)
        {
            // There is nothing left to read.
            return [finding];
        }
    }

    /// <summary>
    /// Accepts a damaged file as it is, after a person has reviewed what it lost; the next start continues with what is left. No
    /// engine may run on the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="keyFolder">The folder of the host's keys; as for <see cref="Check"/>.</param>
    /// <returns>What the file has lost, in words; <see langword="null"/> if nothing.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileInUse"/>: an engine runs on it.</exception>
    public static string? Accept(string path, string? keyFolder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using DataFileLock taken = DataFileLock.Take(path);
        using var head = new HeadFile(path, keyFolder ?? HeadFile.FindKeyFolder(path));
        string? problem;
        try
        {
            problem = head.FindProblem();
        }
        catch (AgentException error) when (error.Code == ErrorCode.DataFileUnusable)
        {
            problem = error.Message;
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(path);
        }

        if (problem is not null)
        {
            head.Remove();
        }

        return problem;
    }

    /// <summary>Compacts a file. No engine may run on it. Needs as much free space as the file takes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileInUse"/>: an engine runs on it.</exception>
    public static DataFileCompaction Compact(string path)
    {
        EnsureExists(path);
        using DataFileLock taken = DataFileLock.Take(path);
        long before = new FileInfo(path).Length + WalBytes(path);
        Change(path, static connection => connection.Execute("VACUUM"));
        return new DataFileCompaction(before, new FileInfo(path).Length + WalBytes(path));
    }

    /// <summary>
    /// Deletes the run index. The next host that is asked for a list builds it anew from the records, in the background; lists
    /// read the records until then. No engine may run on the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>How many entries it had.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileInUse"/>: an engine runs on it.</exception>
    public static long Reindex(string path)
    {
        EnsureExists(path);
        using DataFileLock taken = DataFileLock.Take(path);
        long entries = 0;
        Change(path, connection =>
        {
            const string Index = $"BETWEEN '{RunIndexCheck.Prefix}' AND '{RunIndexCheck.Prefix}~'";
            entries = connection.Scalar($"SELECT count(*) FROM log_entries WHERE stream IN (SELECT id FROM log_streams WHERE name {Index})");
            connection.Execute($"""
                BEGIN IMMEDIATE;
                DELETE FROM records WHERE key {Index};
                DELETE FROM log_entries WHERE stream IN (SELECT id FROM log_streams WHERE name {Index});
                DELETE FROM log_streams WHERE name {Index};
                COMMIT
                """);
        });
        return entries;
    }

    /// <summary>Writes one instance's state and history as JSON: <c>{"state": {…}, "history": […]}</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="instanceId">The instance.</param>
    /// <param name="output">Where to write.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InstanceNotFound"/>.</exception>
    public static void Export(string path, string instanceId, Stream output)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentNullException.ThrowIfNull(output);
        (InstanceRow? row, List<byte[]> turns) = Read(path, connection => InstanceTable.Find(connection, instanceId) is { } found
            ? LiveInstance.Read(connection, found.Seq)
            : (null, []));
        if (row is null)
        {
            throw new AgentException(ErrorCode.InstanceNotFound,
                $"There is no instance '{instanceId}' in '{path}'; check the id.");
        }

        using var writer = new Utf8JsonWriter(output,
            new JsonWriterOptions { Indented = true, Encoder = DurableJson.Options.Encoder });
        writer.WriteStartObject();
        writer.WritePropertyName("state");
        JsonSerializer.Serialize(writer, row.ToState(), DurableJson.Options);
        writer.WriteStartArray("history");
        JsonSerializer.Serialize<HistoryEvent>(writer, row.Started, DurableJson.Options);
        foreach (HistoryEvent next in turns.SelectMany(turn => HistoryCodec.ReadOf(instanceId, turn)))
        {
            JsonSerializer.Serialize(writer, next, DurableJson.Options);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>
    /// Writes a copy of a file, as it is at one moment; an engine may run on it. The keys of the host lie elsewhere and are not
    /// in it: without them what is sealed cannot be read again.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="copy">The file to write, which must not be there.</param>
    /// <returns>The size of the copy in bytes.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: there is such a file already.</exception>
    public static long Backup(string path, string copy)
    {
        ArgumentException.ThrowIfNullOrEmpty(copy);
        if (Path.Exists(copy))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"There is a '{copy}' already; name another file.");
        }

        string partial = $"{copy}.partial";
        File.Delete(partial);
        try
        {
            Read(path, connection =>
            {
                connection.Execute($"VACUUM INTO '{partial.Replace("'", "''", StringComparison.Ordinal)}'");
                return true;
            });

            Disown(partial);
            using (FileStream written = File.Open(partial, FileMode.Open, FileAccess.ReadWrite))
            {
                written.Flush(flushToDisk: true);
            }

            File.Move(partial, copy);
        }
        finally
        {
            File.Delete(partial);
        }

        return new FileInfo(copy).Length;
    }

    internal static T Read<T>(string path, Func<Connection, T> read)
    {
        EnsureExists(path);
        try
        {
            using Connection connection = Connection.Open(path, readOnly: true);
            EnsureOurs(connection, path);
            return read(connection);
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(path);
        }
    }

    private static void Change(string path, Action<Connection> change)
    {
        using var head = new HeadFile(path, HeadFile.FindKeyFolder(path));
        try
        {
            head.Ensure();
            using Connection connection = Connection.Open(path, readOnly: false);
            EnsureOurs(connection, path);
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
            change(connection);
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(path);
        }
    }

    private static string? FindProblem(string path, string? keyFolder)
    {
        using var head = new HeadFile(path, keyFolder ?? HeadFile.FindKeyFolder(path));
        try
        {
            return head.FindProblem();
        }
        catch (DatabaseException error)
        {
            throw error.ToAgentException(path);
        }
    }

    private static void EnsureExists(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"There is no data file '{path}'; check the path.");
        }
    }

    private static void EnsureOurs(Connection connection, string path)
    {
        if (Schema.Verify(connection, path) == 0)
        {
            throw new AgentException(ErrorCode.DataFileUnusable,
                $"'{path}' is empty; it becomes a data file when an engine starts on it.");
        }
    }

    private static long WalBytes(string path) => new FileInfo(path + "-wal") is { Exists: true } wal ? wal.Length : 0;

    private static void Disown(string copy)
    {
        using Connection connection = Connection.Open(copy, readOnly: false);
        connection.Execute("DELETE FROM owner");
    }

    /// <summary>
    /// Gets the process that has a file open. One that was killed has left its number behind, and a copy has the number as well,
    /// but no lock beside it.
    /// </summary>
    private static int? OwnerOf(string path, Connection connection)
    {
        int process = DataFileLock.IsBeside(path) ? (int)connection.Scalar("SELECT process FROM owner") : 0;
        try
        {
            using Process? found = process == 0 ? null : Process.GetProcessById(process);
            return found is { HasExited: false } ? process : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static SortedDictionary<OrchestrationStatus, long> InstancesByStatus(Connection connection)
    {
        SortedDictionary<OrchestrationStatus, long> counts = [];
        using Statement count = connection.PrepareOnce("SELECT status, count(*) FROM instances GROUP BY status");
        while (count.Step())
        {
            counts.Add((OrchestrationStatus)count.Int32(0), count.Int64(1));
        }

        return counts;
    }
}
