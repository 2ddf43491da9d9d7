using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Sqlite.Operations;

/// <summary>Everything that can be wrong with a data file.</summary>
internal static class Inspection
{
    private const int MaxFindings = 100;

    // Each finds rows that must not be, and says so.
    private static readonly string[] Queries =
    [
        "SELECT 'Turn ' || h.pos || ' belongs to no instance' FROM history h LEFT JOIN instances i ON i.seq = h.instance WHERE i.seq IS NULL",
        "SELECT 'Message ' || m.pos || ' is for no instance' FROM inbox m LEFT JOIN instances i ON i.seq = m.instance WHERE i.seq IS NULL",
        """
        SELECT 'Timer ' || t.task || ' of instance #' || t.instance || ' is for no live instance'
        FROM timers t LEFT JOIN instances i ON i.seq = t.instance WHERE i.seq IS NULL OR i.status > 2
        """,
        "SELECT 'Instance ''' || id || ''' has ended and is pending' FROM instances WHERE status > 2 AND pending = 1",
        """
        SELECT 'Stream ''' || s.name || ''' has gaps' FROM log_streams s JOIN log_entries e ON e.stream = s.id
        GROUP BY s.id HAVING count(*) <> max(e.position) + 1
        """,
        "SELECT 'Entry ' || e.pos || ' belongs to no stream' FROM log_entries e LEFT JOIN log_streams s ON s.id = e.stream WHERE s.id IS NULL",
    ];

    public static List<string> Run(Connection connection, CancellationToken cancellationToken)
    {
        List<string> findings = [];
        Collect(connection, "PRAGMA integrity_check", findings);
        findings.Remove("ok");
        foreach (string query in Queries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Collect(connection, query, findings);
        }

        ReadHistories(connection, findings, cancellationToken);
        HashBlobs(connection, findings, cancellationToken);
        CompareIndex(connection, findings);
        return findings;
    }

    private static void Collect(Connection connection, string query, List<string> findings)
    {
        using Statement statement = connection.PrepareOnce(query);
        while (findings.Count < MaxFindings && statement.Step())
        {
            findings.Add(statement.Text(0)!);
        }
    }

    private static void ReadHistories(Connection connection, List<string> findings, CancellationToken cancellationToken)
    {
        using Statement turns = connection.PrepareOnce(
            "SELECT h.pos, h.events, i.id FROM history h JOIN instances i ON i.seq = h.instance ORDER BY h.pos");
        while (findings.Count < MaxFindings && turns.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                HistoryCodec.Read(turns.Bytes(1));
            }
            catch (JsonException error)
            {
                findings.Add($"Turn {turns.Int64(0)} of instance '{turns.Text(2)}' is damaged: {error.Message}");
            }
        }
    }

    private static void HashBlobs(Connection connection, List<string> findings, CancellationToken cancellationToken)
    {
        using Statement blobs = connection.PrepareOnce("SELECT hash, content FROM blobs");
        while (findings.Count < MaxFindings && blobs.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!SHA256.HashData(blobs.Bytes(1)).AsSpan().SequenceEqual(blobs.Bytes(0)))
            {
                findings.Add($"Blob {Convert.ToHexStringLower(blobs.Bytes(0))} has other content than it was put with");
            }
        }
    }

    /// <summary>Until the index has every run, lists read the records, and there is nothing to compare.</summary>
    private static void CompareIndex(Connection connection, List<string> findings)
    {
        if (connection.Scalar($"SELECT count(*) FROM records WHERE key = '{RunIndexCheck.StateKey}'") > 0)
        {
            findings.AddRange(RunIndexCheck.Compare(Runs(connection), name => Entries(connection, name),
                TimeProvider.System.GetUtcNow())
                .Take(Math.Max(0, MaxFindings - findings.Count)));
        }
    }

    private static List<KeyValuePair<string, OrchestrationStatus>> Runs(Connection connection)
    {
        using Statement find =
            connection.PrepareOnce("SELECT i.id, i.status FROM instances i JOIN records r ON r.key = 'runs/' || i.id");
        var runs = new List<KeyValuePair<string, OrchestrationStatus>>();
        while (find.Step())
        {
            runs.Add(new(find.Text(0)!, (OrchestrationStatus)find.Int32(1)));
        }

        return runs;
    }

    private static List<LogEntry> Entries(Connection connection, string name)
    {
        using Statement find = connection.PrepareOnce(
            "SELECT e.position, e.data FROM log_entries e JOIN log_streams s ON s.id = e.stream WHERE s.name = ? ORDER BY e.position");
        find.Bind(1, name);
        var entries = new List<LogEntry>();
        while (find.Step())
        {
            entries.Add(new LogEntry(find.Int64(0), find.Bytes(1).ToArray()));
        }

        return entries;
    }
}
