using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>The facts that runs have pinned: the model is shown them word for word after every summary.</summary>
internal sealed class PinStore(IRecordStore records)
{
    /// <summary>A run's facts; empty where it has none.</summary>
    public async Task<IReadOnlyList<string>> GetAsync(string runId, CancellationToken cancellationToken = default)
    {
        StoredRecord? record = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        return record is null ? [] : JsonSerializer.Deserialize(record.Value.Span, CoreJsonContext.Default.StringArray)!;
    }

    /// <summary>Replaces a run's facts.</summary>
    public Task PutAsync(string runId, IReadOnlyList<string> facts, CancellationToken cancellationToken = default) =>
        records.PutAsync(
            Key(runId), JsonSerializer.SerializeToUtf8Bytes([.. facts], CoreJsonContext.Default.StringArray), default,
            cancellationToken);

    private static string Key(string runId) => $"pins/{runId}";
}
