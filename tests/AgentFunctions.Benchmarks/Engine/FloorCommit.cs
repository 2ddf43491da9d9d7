using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>What one durable row costs at the least: raw Microsoft.Data.Sqlite, WAL, full synchronous, prepared.</summary>
internal static class FloorCommit
{
    private const int Commits = 2_000;

    /// <summary>Milliseconds per single-row commit.</summary>
    public static double Measure(Scratch folder)
    {
        using var connection = new SqliteConnection($"Data Source={folder.NewFile()};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB)";
        command.ExecuteNonQuery();
        command.CommandText = "INSERT INTO rows (data) VALUES ($data)";
        command.Parameters.AddWithValue("$data", new byte[100]);
        command.Prepare();
        for (int warmUp = 0; warmUp < 100; warmUp++)
        {
            command.ExecuteNonQuery();
        }

        long start = Stopwatch.GetTimestamp();
        for (int commit = 0; commit < Commits; commit++)
        {
            command.ExecuteNonQuery();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / Commits;
    }
}
