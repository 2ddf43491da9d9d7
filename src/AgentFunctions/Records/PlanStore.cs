using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>Represents a line of a run's plan.</summary>
/// <param name="Text">What is to be done.</param>
/// <param name="Done">Whether it is done.</param>
public sealed record PlanItem(string Text, bool Done = false);

/// <summary>
/// The plans of runs: what people see as progress, and what the model is reminded of after its context was summed up.
/// </summary>
internal sealed class PlanStore(IRecordStore records)
{
    /// <summary>A run's plan; empty where it has none.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<PlanItem>> GetAsync(string runId, CancellationToken cancellationToken = default)
    {
        StoredRecord? record = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        return record is null
            ? []
            : JsonSerializer.Deserialize(record.Value.Span, StoredRecordsJsonContext.Default.PlanItemArray)!;
    }

    /// <summary>Replaces a run's plan.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task PutAsync(string runId, IReadOnlyList<PlanItem> plan, CancellationToken cancellationToken = default) =>
        records.PutAsync(
            Key(runId), JsonSerializer.SerializeToUtf8Bytes([.. plan], StoredRecordsJsonContext.Default.PlanItemArray), default,
            cancellationToken);

    private static string Key(string runId) => $"plans/{runId}";
}
