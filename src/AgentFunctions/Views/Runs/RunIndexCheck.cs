using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;

namespace AgentFunctions.Views.Runs;

/// <summary>Compares a run index with the runs that it is derived from.</summary>
public static class RunIndexCheck
{
    /// <summary>Names the prefix of the index's logs and records.</summary>
    public const string Prefix = RunIndexStreams.Prefix;

    /// <summary>
    /// Names the key of the record that states that the index has every run. Without it, lists read the run records and the index
    /// is rebuilt.
    /// </summary>
    public const string StateKey = RunIndexStreams.StateKey;

    private const string Remedy = "build the index anew with 'agentfunctions engine reindex'";

    /// <summary>Finds runs that lists would lack, or would show as ended while they are running.</summary>
    /// <param name="runs">The orchestrations of runs by id.</param>
    /// <param name="read">Reads a log of the index.</param>
    /// <param name="now">The present time (UTC).</param>
    /// <returns>A description of each difference; none if the index is right.</returns>
    public static IEnumerable<string> Compare(
        IEnumerable<KeyValuePair<string, OrchestrationStatus>> runs, Func<string, IEnumerable<LogEntry>> read, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(read);
        var rows = new Dictionary<string, RunIndexRow>(StringComparer.Ordinal);
        var erased = new HashSet<string>(StringComparer.Ordinal);
        foreach (string stream in Enumerable.Range(0, RunIndexStreams.Count).Select(RunIndexStreams.NameOf))
        {
            foreach (LogEntry entry in read(stream))
            {
                if (TryRead(entry) is not { } known)
                {
                    yield return $"Entry {entry.Position} of run index '{stream}' cannot be read; {Remedy}";
                    continue;
                }

                if (known.Kind == RunIndexEntry.Erased)
                {
                    rows.Remove(known.Id);
                    erased.Add(known.Id);
                    continue;
                }

                rows[known.Id] = RunIndexRow.Apply(rows.GetValueOrDefault(known.Id), known, entry.Position);
            }
        }

        foreach ((string id, OrchestrationStatus status) in runs)
        {
            RunIndexRow? row = rows.GetValueOrDefault(id);
            if (row is null && !erased.Contains(id))
            {
                yield return $"The run index lacks run '{id}'; {Remedy}";
            }
            else if (row?.HasEnded(now) == true
                && status is (OrchestrationStatus.Pending or OrchestrationStatus.Running or OrchestrationStatus.Suspended))
            {
                yield return $"The run index takes run '{id}' for ended, and it is {status}; {Remedy}";
            }
        }
    }

    private static RunIndexEntry? TryRead(LogEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Data.Span, RunsJsonContext.Default.RunIndexEntry) is { Id.Length: > 0 } read
                ? read
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
