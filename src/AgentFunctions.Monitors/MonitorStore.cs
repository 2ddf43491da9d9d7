using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors;

/// <summary>Monitors and what they remember: a record each.</summary>
internal sealed class MonitorStore(IRecordStore records, ILogger<MonitorStore>? log = null)
{
    private const string Definitions = "monitors/";

    public Task<(MonitorRecord Value, string Etag)?> FindAsync(string name, CancellationToken cancellationToken) =>
        ReadAsync<MonitorRecord>(Definitions + name, cancellationToken);

    public Task PutAsync(MonitorRecord monitor, string? etag, CancellationToken cancellationToken) =>
        WriteAsync(Definitions + monitor.Definition.Name, monitor, etag, cancellationToken);

    /// <summary>Gets the steps of a monitor that failed and have not succeeded since.</summary>
    public async Task<IReadOnlyList<MonitorTrouble>> GetTroublesAsync(string name, CancellationToken cancellationToken) =>
        [.. (await new StepTroubles(records).GetAsync(MonitorStepRetries.KeyOf(name), cancellationToken).ConfigureAwait(false))
            .Select(static trouble => new MonitorTrouble(
                trouble.Step, trouble.Message, trouble.Failures,
                trouble.Kind == MonitorStepRetries.NotRetried ? null : trouble.Until))];

    /// <summary>Deletes a monitor with all that it remembers. Its incidents and its history stay.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await records.DeleteAsync(Definitions + name, default, cancellationToken).ConfigureAwait(false);
        await records.DeleteAsync(MemoryKey(name), default, cancellationToken).ConfigureAwait(false);
        await records.DeleteAsync(NotesKey(name), default, cancellationToken).ConfigureAwait(false);
        await records.DeleteAsync(SpendingKey(name), default, cancellationToken).ConfigureAwait(false);
        await new StepTroubles(records).ForgetAsync(MonitorStepRetries.KeyOf(name), null, cancellationToken)
            .ConfigureAwait(false);
    }

    public async IAsyncEnumerable<MonitorRecord> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (MonitorRecord monitor in records.ReadAllAsync(
            Definitions, static record => JsonSerializer.Deserialize<MonitorRecord>(record.Value.Span, MonitorJson.Options), log,
            cancellationToken).ConfigureAwait(false))
        {
            yield return monitor;
        }
    }

    public Task<(MonitorMemory Value, string Etag)?> FindMemoryAsync(string name, CancellationToken cancellationToken) =>
        ReadAsync<MonitorMemory>(MemoryKey(name), cancellationToken);

    /// <summary>Writes what a monitor remembers, if nobody else has since it was read.</summary>
    /// <returns>The new version.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.EtagConflict"/>: somebody has.</exception>
    public Task<string> PutMemoryAsync(string name, MonitorMemory memory, string? etag, CancellationToken cancellationToken) =>
        WriteAsync(MemoryKey(name), memory, etag, cancellationToken);

    public async Task<MonitorNotes> GetNotesAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync<MonitorNotes>(NotesKey(name), cancellationToken).ConfigureAwait(false))?.Value ?? new();

    public Task<MonitorNotes> UpdateNotesAsync(string name, Func<MonitorNotes, MonitorNotes> change,
        CancellationToken cancellationToken) =>
        UpdateAsync(NotesKey(name), change, cancellationToken);

    public Task<MonitorSpending> UpdateSpendingAsync(
        string name, Func<MonitorSpending, MonitorSpending> change, CancellationToken cancellationToken) =>
        UpdateAsync(SpendingKey(name), change, cancellationToken);

    public async Task<MonitorSpending> GetSpendingAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync<MonitorSpending>(SpendingKey(name), cancellationToken).ConfigureAwait(false))?.Value ?? new();

    private static string MemoryKey(string name) => $"monitor-memory/{name}";

    private static string NotesKey(string name) => $"monitor-notes/{name}";

    private static string SpendingKey(string name) => $"monitor-spending/{name}";

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)MonitorJson.Options.GetTypeInfo(typeof(T));

    private Task<(T Value, string Etag)?> ReadAsync<T>(string key, CancellationToken cancellationToken)
        where T : class => new JsonRecords<T>(records, TypeOf<T>()).FindAsync(key, cancellationToken);

    private Task<string> WriteAsync<T>(string key, T value, string? etag, CancellationToken cancellationToken) =>
        records.PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, TypeOf<T>()), RecordCondition.Since(etag),
            cancellationToken);

    private Task<T> UpdateAsync<T>(string key, Func<T, T> change, CancellationToken cancellationToken)
        where T : class, new() =>
        new JsonRecords<T>(records, TypeOf<T>()).UpdateAsync(key, before => change(before!), cancellationToken, new T());
}
