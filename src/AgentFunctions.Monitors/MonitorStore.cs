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

    public async Task PutAsync(MonitorRecord monitor, string? etag, CancellationToken cancellationToken)
    {
        string name = monitor.Definition.Name;
        if (etag is null)
        {
            // Those of an earlier one of its name, if a crash cut its removal off.
            await ForgetTroublesAsync(name, cancellationToken).ConfigureAwait(false);
        }

        await WriteAsync(Definitions + name, monitor, etag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the steps of a monitor that failed and have not succeeded since.</summary>
    public async Task<IReadOnlyList<MonitorTrouble>> GetTroublesAsync(string name, CancellationToken cancellationToken) =>
        [.. (await new StepTroubles(records).GetAsync(MonitorStepRetries.KeyOf(name), cancellationToken).ConfigureAwait(false))
            .Select(static trouble => new MonitorTrouble(
                trouble.Step, trouble.Message, trouble.Failures,
                trouble.Kind == MonitorStepRetries.NotRetried ? null : trouble.Until))];

    /// <summary>Deletes a monitor with all that it remembers. Its incidents and its history stay.</summary>
    public async Task DeleteAsync(MonitorRecord monitor, CancellationToken cancellationToken)
    {
        await records.DeleteAsync(Definitions + monitor.Definition.Name, default, cancellationToken).ConfigureAwait(false);
        await ForgetAsync(monitor.Key, cancellationToken).ConfigureAwait(false);
        await ForgetTroublesAsync(monitor.Definition.Name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes what a monitor that is gone remembers.</summary>
    /// <param name="key">What it is kept under.</param>
    /// <param name="cancellationToken">The token to cancel the wait; a repetition deletes the rest.</param>
    public async Task ForgetAsync(string key, CancellationToken cancellationToken)
    {
        await records.DeleteAsync(MemoryKey(key), default, cancellationToken).ConfigureAwait(false);
        await records.DeleteAsync(NotesKey(key), default, cancellationToken).ConfigureAwait(false);
        await records.DeleteAsync(SpendingKey(key), default, cancellationToken).ConfigureAwait(false);
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

    public Task<(MonitorMemory Value, string Etag)?> FindMemoryAsync(MonitorRecord monitor,
        CancellationToken cancellationToken) =>
        ReadAsync<MonitorMemory>(MemoryKey(monitor.Key), cancellationToken);

    /// <summary>Writes what a monitor remembers, if nobody else has since it was read.</summary>
    /// <returns>The new version.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.EtagConflict"/>: somebody has.</exception>
    public Task<string> PutMemoryAsync(MonitorRecord monitor, MonitorMemory memory, string? etag,
        CancellationToken cancellationToken) =>
        WriteAsync(MemoryKey(monitor.Key), memory, etag, cancellationToken);

    public async Task<MonitorNotes> GetNotesAsync(MonitorRecord monitor, CancellationToken cancellationToken) =>
        (await ReadAsync<MonitorNotes>(NotesKey(monitor.Key), cancellationToken).ConfigureAwait(false))?.Value ?? new();

    public Task<MonitorNotes> UpdateNotesAsync(MonitorRecord monitor, Func<MonitorNotes, MonitorNotes> change,
        CancellationToken cancellationToken) =>
        UpdateAsync(NotesKey(monitor.Key), change, cancellationToken);

    public Task<MonitorSpending> UpdateSpendingAsync(
        MonitorRecord monitor, Func<MonitorSpending, MonitorSpending> change, CancellationToken cancellationToken) =>
        UpdateAsync(SpendingKey(monitor.Key), change, cancellationToken);

    public async Task<MonitorSpending> GetSpendingAsync(MonitorRecord monitor, CancellationToken cancellationToken) =>
        (await ReadAsync<MonitorSpending>(SpendingKey(monitor.Key), cancellationToken).ConfigureAwait(false))?.Value ?? new();

    private static string MemoryKey(string key) => $"monitor-memory/{key}";

    private static string NotesKey(string key) => $"monitor-notes/{key}";

    private static string SpendingKey(string key) => $"monitor-spending/{key}";

    private Task ForgetTroublesAsync(string name, CancellationToken cancellationToken) =>
        new StepTroubles(records).ForgetAsync(MonitorStepRetries.KeyOf(name), null, cancellationToken);

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
