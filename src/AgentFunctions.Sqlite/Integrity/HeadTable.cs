using System.Security.Cryptography;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Integrity;

/// <summary>What a data file says of itself: who it is, how many commits it has had, and each start of an engine on it.</summary>
internal static class HeadTable
{
    private const int FirstVersion = 2;

    /// <summary>The head that a file bears; <see langword="null"/> if it bears none.</summary>
    /// <param name="connection">A connection that may read.</param>
    public static Head? Read(Connection connection)
    {
        if (connection.Scalar("PRAGMA user_version") < FirstVersion)
        {
            return null;
        }

        using Statement head = connection.PrepareOnce(
            "SELECT epoch, count, (SELECT chain FROM head_starts ORDER BY number DESC LIMIT 1) FROM head");
        return head.Step() ? new Head(head.Text(0)!, head.Int64(1), head.Text(2)!) : null;
    }

    /// <summary>Whether an engine has started on this very file under a chain.</summary>
    /// <param name="connection">A connection that may read.</param>
    /// <param name="chain">The chain.</param>
    public static bool HasStart(Connection connection, string chain)
    {
        using Statement starts = connection.PrepareOnce("SELECT chain FROM head_starts");
        while (starts.Step())
        {
            if (starts.Text(0) == chain)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Notes a start: its chain tells this file from a copy that went on elsewhere.</summary>
    /// <param name="connection">A connection that may write.</param>
    /// <returns>The head after it.</returns>
    public static Head Begin(Connection connection)
    {
        connection.Execute("BEGIN IMMEDIATE");
        Head before = Read(connection) ?? new Head(Random(), 0, "");
        byte[] link = [.. System.Text.Encoding.ASCII.GetBytes(before.Chain), .. RandomNumberGenerator.GetBytes(16)];
        var after = before with { Count = before.Count + 1, Chain = Convert.ToHexStringLower(SHA256.HashData(link)) };
        // All of it is digits and letters that were made here or are this host's own.
        connection.Execute(
            $"""
            DELETE FROM head; INSERT INTO head VALUES ('{after.Epoch}', {after.Count});
            INSERT INTO head_starts (chain) VALUES ('{after.Chain}'); COMMIT
            """);
        return after;
    }

    /// <summary>Counts the transaction that is about to be committed.</summary>
    /// <param name="connection">The writer's connection.</param>
    public static void Count(Connection connection) => connection.Prepare("UPDATE head SET count = count + 1").Run();

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
