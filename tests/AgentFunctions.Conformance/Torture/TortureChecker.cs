using System.Globalization;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Conformance.Torture;

/// <summary>Compares what is on record after a kill with what was promised, and with what was on record before.</summary>
/// <param name="folder">The files.</param>
internal sealed class TortureChecker(TortureFolder folder)
{
    private readonly DurableRegistry _registry = TortureLoad.Registry(
        () => throw new NotSupportedException(), () => throw new NotSupportedException(), _ => throw new NotSupportedException());

    private readonly Dictionary<string, Dictionary<string, string>> _recorded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _final = new(StringComparer.Ordinal);

    /// <summary>How many runs were scheduled.</summary>
    public int Runs { get; private set; }

    /// <summary>How many results of steps were seen on record.</summary>
    public int Results { get; private set; }

    /// <summary>What is wrong; empty where all is well.</summary>
    /// <param name="isOver">Whether all runs must have ended.</param>
    public List<string> Check(bool isOver)
    {
        List<string> wrong = [];
        if (!File.Exists(folder.DataFile))
        {
            // Killed before there was one.
            return folder.ReadAcknowledged().Any() ? ["The data file is gone."] : [];
        }

        using (Connection connection = Connection.Open(folder.DataFile, readOnly: true))
        {
            if (connection.Scalar("PRAGMA user_version") == 0)
            {
                return folder.ReadAcknowledged().Any() ? ["The data file is empty."] : [];
            }

            CheckInstances(connection, isOver, wrong);
            CheckLogs(connection, wrong);
        }

        wrong.AddRange(DataFile.Check(folder.DataFile));
        foreach (IGrouping<string, string> effect in folder.ReadEffects().GroupBy(key => key).Where(group => group.Count() > 1))
        {
            wrong.Add($"Effect {effect.Key} took place {effect.Count()} times.");
        }

        if (isOver)
        {
            DataFileStatus status = DataFile.Status(folder.DataFile);
            if (status.Messages + status.Timers > 0)
            {
                wrong.Add($"{status.Messages} messages and {status.Timers} timers are left over.");
            }
        }

        return wrong;
    }

    private void CheckInstances(Connection connection, bool isOver, List<string> wrong)
    {
        var promised = folder.ReadAcknowledged().GroupBy(line => line.Run)
            .ToDictionary(group => group.Key, group => group.ToList());
        Runs = promised.Count;
        HashSet<string> present = [];
        foreach ((string id, long seq, bool hasEnded) in Instances(connection))
        {
            present.Add(id);
            if (hasEnded && _final.ContainsKey(id) && !isOver)
            {
                continue;
            }

            (InstanceRow? row, List<byte[]> turns) = LiveInstance.Read(connection, seq);
            List<HistoryEvent> history = [row!.Started, .. turns.SelectMany(turn => HistoryCodec.Read(turn))];
            CheckResults(id, history, wrong);
            if (OrchestrationReplayer.Verify(history, _registry) is { } difference)
            {
                wrong.Add($"{id} does not replay: {difference}.");
            }

            if (hasEnded)
            {
                CheckEnded(id, row.ToState(), history, wrong);
            }
            else if (isOver)
            {
                wrong.Add($"{id} has not ended.");
            }
        }

        foreach ((int run, List<(Acknowledgement What, int Run, string Detail)> lines) in promised)
        {
            string id = TortureLoad.IdOf(run);
            bool isPurged = lines.Exists(line => line.What == Acknowledgement.Purged);
            bool hasEnded = lines.Exists(line => line.What == Acknowledgement.Ended);
            if (isPurged ? present.Contains(id) : !present.Contains(id) && !(hasEnded && TortureLoad.IsPurged(run)))
            {
                wrong.Add($"{id} was acknowledged as {(isPurged ? "purged and is there" : "scheduled and is gone")}.");
            }

            if (hasEnded && _final.TryGetValue(id, out string? final)
                && !final.StartsWith(lines.Last(line => line.What == Acknowledgement.Ended).Detail + "|",
                    StringComparison.Ordinal))
            {
                wrong.Add($"{id} was told to have another output than it has: {final}.");
            }
        }
    }

    private void CheckResults(string id, List<HistoryEvent> history, List<string> wrong)
    {
        string execution = ((ExecutionStarted)history[0]).ExecutionId;
        Dictionary<string, string> results = [];
        foreach (HistoryEvent next in history)
        {
            (int TaskId, string Result)? outcome = next switch
            {
                TaskCompleted completed => (completed.TaskId, completed.Result ?? ""),
                TaskFailed failed => (failed.TaskId, failed.Failure.Message),
                SubOrchestrationCompleted completed => (completed.TaskId, completed.Result ?? ""),
                SubOrchestrationFailed failed => (failed.TaskId, failed.Failure.Message),
                _ => null,
            };
            if (outcome is { } known && !results.TryAdd($"{execution}/{known.TaskId}", known.Result))
            {
                wrong.Add($"{id} has two outcomes of step {known.TaskId}.");
            }
        }

        if (_recorded.TryGetValue(id, out Dictionary<string, string>? before))
        {
            foreach ((string step,
                string result) in before.Where(step => step.Key.StartsWith(execution, StringComparison.Ordinal)))
            {
                if (!results.TryGetValue(step, out string? now) || now != result)
                {
                    wrong.Add($"{id} had {result} on record for step {step} and has {now ?? "nothing"} now.");
                }
            }
        }

        Results += results.Count - (before?.Count ?? 0);
        _recorded[id] = results;
    }

    private void CheckEnded(string id, OrchestrationState state, List<HistoryEvent> history, List<string> wrong)
    {
        string final = $"{state.Output}|{state.Status}|{history.Count}";
        if (!_final.TryAdd(id, final) && _final[id] != final)
        {
            wrong.Add($"{id} had ended as {_final[id]} and has ended as {final} now.");
        }

        _recorded.Remove(id);
        if (id.StartsWith("run-", StringComparison.Ordinal)
            && !TortureLoad.IsRight(int.Parse(id[4..], CultureInfo.InvariantCulture), state))
        {
            wrong.Add($"{id} of kind {state.Name} has ended wrongly: {state}.");
        }
    }

    // Appends at given positions, repeated after kills: still one entry each.
    private static void CheckLogs(Connection connection, List<string> wrong)
    {
        using Statement entries = connection.PrepareOnce(
            "SELECT s.name, e.position, e.data FROM log_entries e JOIN log_streams s ON s.id = e.stream");
        while (entries.Step())
        {
            if (entries.Int64(1) != BitConverter.ToInt32(entries.Bytes(2)))
            {
                wrong.Add($"{entries.Text(0)} has {BitConverter.ToInt32(entries.Bytes(2))} at position {entries.Int64(1)}.");
            }
        }
    }

    private static List<(string Id, long Seq, bool HasEnded)> Instances(Connection connection)
    {
        List<(string, long, bool)> found = [];
        using Statement all = connection.PrepareOnce("SELECT id, seq, status FROM instances");
        while (all.Step())
        {
            found.Add((all.Text(0)!, all.Int64(1), InstanceRow.IsEndedStatus((OrchestrationStatus)all.Int32(2))));
        }

        return found;
    }

}
