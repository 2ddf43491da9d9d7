using System.Collections.Concurrent;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Operations;

/// <summary>Represents the result of replaying all orchestrations that have not ended with the present code.</summary>
/// <param name="Checked">How many orchestrations were replayed.</param>
/// <param name="Differences">Those that today's code would break, in the order in which they were begun.</param>
public sealed record ReplayReport(int Checked, IReadOnlyList<ReplayDifference> Differences);

/// <summary>Represents an orchestration whose history the present code does not reproduce.</summary>
/// <param name="InstanceId">Its id: of a run, the run's.</param>
/// <param name="Name">The name of its orchestrator.</param>
/// <param name="Difference">The first step that differs, in words.</param>
public sealed record ReplayDifference(string InstanceId, string Name, string Difference);

/// <summary>
/// Replays every orchestration of a data file that has not ended against the orchestrators of today, without an engine and
/// without effects: what a deployment would break is found before it. Only reads, also while an engine runs on the file.
/// </summary>
public static class ReplayCheck
{
    /// <summary>Checks a data file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="registry">The orchestrators of today; activities are not called.</param>
    /// <param name="cancellationToken">The token to cancel the check.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: there is no such file. <see cref="ErrorCode.DataFileUnusable"/>: it is none of ours
    /// or cannot be read.
    /// </exception>
    public static ReplayReport Run(string path, DurableRegistry registry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registry);
        int count = 0;
        ConcurrentBag<(long Seq, ReplayDifference Difference)> differences = [];
        DataFile.Read(path, connection =>
        {
            // One moment of the data, however long the check takes and whatever an engine writes meanwhile.
            connection.Execute("BEGIN");
            ParallelOptions parallel = new() { CancellationToken = cancellationToken };
            Parallel.ForEach(Partitioner.Create(Unfinished(connection), EnumerablePartitionerOptions.NoBuffering), parallel,
                instance =>
            {
                Interlocked.Increment(ref count);
                if (FirstDifference(instance.Row, instance.History, registry) is { } difference)
                {
                    differences.Add((instance.Row.Seq, new ReplayDifference(instance.Row.Id, instance.Row.Name, difference)));
                }
            });
            return true;
        });
        return new ReplayReport(count,
            [.. differences.OrderBy(static found => found.Seq).Select(static found => found.Difference)]);
    }

    private static string? FirstDifference(InstanceRow row, List<byte[]> turns, DurableRegistry registry)
    {
        try
        {
            return OrchestrationReplayer.Verify(turns.SelectMany(turn => HistoryCodec.ReadOf(row.Id, turn)).Prepend(row.Started),
                registry);
        }
        catch (AgentException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<(InstanceRow Row, List<byte[]> History)> Unfinished(Connection connection)
    {
        List<long> live = [];
        using (Statement query = connection.PrepareOnce("SELECT seq FROM instances WHERE status < 3 ORDER BY seq"))
        {
            while (query.Step())
            {
                live.Add(query.Int64(0));
            }
        }

        foreach (long seq in live)
        {
            if (LiveInstance.Read(connection, seq) is ({ } row, var history))
            {
                yield return (row, history);
            }
        }
    }
}
