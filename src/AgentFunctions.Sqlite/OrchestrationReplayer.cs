using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Orchestration;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Sqlite;

/// <summary>Replays a recorded history against the orchestrators of today, without an engine and without effects.</summary>
public static class OrchestrationReplayer
{
    /// <summary>Verifies that the present code makes the decisions of a history: the same steps, inputs, order and end.</summary>
    /// <param name="history">All events of one execution, oldest first.</param>
    /// <param name="registry">The orchestrators.</param>
    /// <param name="options">The limits that the history was recorded under; by default the default ones.</param>
    /// <returns>The first difference in words, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="ArgumentException">The history does not begin with <see cref="ExecutionStarted"/>.</exception>
    public static string? Verify(IEnumerable<HistoryEvent> history, DurableRegistry registry, SqliteEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(registry);
        List<HistoryEvent> events = [.. history];
        if (events is not [ExecutionStarted started, ..])
        {
            throw new ArgumentException("A history begins with ExecutionStarted; pass all its events, oldest first.",
                nameof(history));
        }

        string? foreign = null;
        var execution = new OrchestrationExecution(
            started, registry, OrchestrationLimits.Of(options ?? new SqliteEngineOptions()), NullLoggerFactory.Instance,
            () => foreign = OrchestrationExecution.ForeignAwait().Message);
        var replay = new HistoryReplay(execution, compareInputs: true);
        return replay.Feed(events.Skip(1)) ?? replay.EndTurn() ?? foreign;
    }
}
