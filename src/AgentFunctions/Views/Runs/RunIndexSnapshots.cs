using System.Globalization;
using System.Text.Json;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// What a log of the index added up to at some position, so that a process that starts reads little. The parts of one position
/// are written before the head that names it, and those before are deleted after it.
/// </summary>
internal sealed class RunIndexSnapshots(IRecordStore records)
{
    /// <summary>How many rows are in one record; a row has 1 KiB at the most.</summary>
    private const int RowsPerPart = 500;

    /// <summary>Reads the last snapshot.</summary>
    /// <returns>The snapshot; <see langword="null"/> if there is none that can be read.</returns>
    public async Task<(RunIndexHead Head, List<RunIndexRow> Rows)?> ReadAsync(int shard, CancellationToken cancellationToken)
    {
        try
        {
            if (await HeadAsync(shard, cancellationToken).ConfigureAwait(false) is not ({ } head, _))
            {
                return null;
            }

            StoredRecord?[] parts = await Task.WhenAll(
                Enumerable.Range(0, head.Parts)
                    .Select(part => records.GetAsync(KeyOf(shard, head.Position, part), cancellationToken)))
                    .ConfigureAwait(false);
            return parts.Any(static part => part is null)
                ? null
                : (head, [.. parts.SelectMany(static part => JsonSerializer.Deserialize(part!.Value.Span,
                    RunIndexJsonContext.Default.RunIndexRowArray) ?? [])]);
        }
        catch (JsonException)
        {
            // The log has it all.
            return null;
        }
    }

    /// <summary>Writes a snapshot, unless there is a later one.</summary>
    public async Task WriteAsync(int shard, long position, long damagedAt, IReadOnlyList<RunIndexRow> rows,
        CancellationToken cancellationToken)
    {
        (RunIndexHead? before, string? etag) = await HeadAsync(shard, cancellationToken).ConfigureAwait(false);
        if (before?.Position >= position)
        {
            return;
        }

        RunIndexRow[][] parts = [.. rows.Chunk(RowsPerPart)];
        await Task.WhenAll(parts.Select((part, number) => records.PutAsync(
            KeyOf(shard, position, number),
            JsonSerializer.SerializeToUtf8Bytes(part, RunIndexJsonContext.Default.RunIndexRowArray), default, cancellationToken)))
            .ConfigureAwait(false);
        var head = new RunIndexHead(position, parts.Length) { DamagedAt = damagedAt };
        await records.PutAsync(
            HeadKey(shard), JsonSerializer.SerializeToUtf8Bytes(head, RunIndexJsonContext.Default.RunIndexHead),
            RecordCondition.Since(etag), cancellationToken).ConfigureAwait(false);
        if (before is not null)
        {
            await Task.WhenAll(Enumerable.Range(0, before.Parts).Select(
                part => records.DeleteAsync(KeyOf(shard, before.Position, part), default, cancellationToken)))
                .ConfigureAwait(false);
        }
    }

    private async Task<(RunIndexHead? Head, string? Etag)> HeadAsync(int shard, CancellationToken cancellationToken)
    {
        StoredRecord? record = await records.GetAsync(HeadKey(shard), cancellationToken).ConfigureAwait(false);
        return record is null
            ? (null, null)
            : (JsonSerializer.Deserialize(record.Value.Span, RunIndexJsonContext.Default.RunIndexHead), record.Etag);
    }

    private static string HeadKey(int shard) =>
        string.Create(CultureInfo.InvariantCulture, $"{RunIndexStreams.Prefix}heads/{shard:x}");

    private static string KeyOf(int shard, long position, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{RunIndexStreams.Prefix}snapshots/{shard:x}/{position}-{part}");
}
