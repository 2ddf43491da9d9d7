using System.Globalization;
using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>The records of ticks: a log per monitor and day, the oldest days deleted.</summary>
internal sealed class TickLog(ILogStore logs)
{
    private const int DaysKept = 30;

    public Task<long> GetLengthAsync(string monitor, DateOnly day, CancellationToken cancellationToken) =>
        logs.GetLengthAsync(StreamOf(monitor, day), cancellationToken);

    /// <summary>Adds records at a position, once: where something is there already, they were added before a crash.</summary>
    public async Task AppendAsync(
        string monitor, DateOnly day, long position, IEnumerable<TickRecord> records, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>[] entries =
            [.. records.Select(record => new ReadOnlyMemory<byte>(JsonSerializer.SerializeToUtf8Bytes(record,
                MonitorJson.Options)))];
        try
        {
            await logs.AppendAsync(StreamOf(monitor, day), entries, position, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
        {
            if (await GetLengthAsync(monitor, day, cancellationToken).ConfigureAwait(false) < position + entries.Length)
            {
                throw;
            }
        }

        if (position == 0)
        {
            await logs.DeleteAsync(StreamOf(monitor, day.AddDays(-DaysKept)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The latest records, newest first.</summary>
    public async Task<IReadOnlyList<TickRecord>> ReadLatestAsync(
        string monitor, DateOnly lastDay, int count, CancellationToken cancellationToken)
    {
        var found = new List<TickRecord>();
        for (int age = 0; age < DaysKept && found.Count < count; age++)
        {
            DateOnly day = lastDay.AddDays(-age);
            long length = await GetLengthAsync(monitor, day, cancellationToken).ConfigureAwait(false);
            var ofDay = new List<TickRecord>();
            long from = Math.Max(0, length - (count - found.Count));
            await foreach (LogEntry entry in logs.ReadAsync(StreamOf(monitor, day), from, null, cancellationToken)
                .ConfigureAwait(false))
            {
                ofDay.Add(JsonSerializer.Deserialize<TickRecord>(entry.Data.Span, MonitorJson.Options)!);
            }

            ofDay.Reverse();
            found.AddRange(ofDay);
        }

        return found;
    }

    private static string StreamOf(string monitor, DateOnly day) =>
        $"ticks/{monitor}/{day.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
}
