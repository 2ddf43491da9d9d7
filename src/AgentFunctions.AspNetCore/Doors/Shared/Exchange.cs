using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Storage;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>The part of a run that answers one request of a protocol: the journal from a position to another.</summary>
/// <param name="RunId">The run.</param>
/// <param name="From">The position of its first event.</param>
/// <param name="Door">The door.</param>
/// <param name="At">When it was requested (UTC).</param>
internal sealed record Exchange(string RunId, long From, string Door, DateTimeOffset At)
{
    /// <summary>
    /// Gets the position after its last event; <see langword="null"/> while it goes on, or if it ends with the run.
    /// </summary>
    public long? To { get; init; }

    /// <summary>Gets the ids of what was asked at its end.</summary>
    public IReadOnlyList<string>? Asked { get; init; }

    /// <summary>Gets what the door must know of the request to answer it again.</summary>
    public JsonElement? Request { get; init; }

    /// <summary>Gets the version that was read; <see langword="null"/> if it was not read.</summary>
    [JsonIgnore]
    public string? Etag { get; init; }
}

/// <summary>Stores exchanges.</summary>
internal sealed class ExchangeStore(IRecordStore records)
{
    /// <summary>Enters an exchange; one that is there stays as it is.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The exchange as it is stored.</returns>
    public async Task<Exchange> EnterAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        try
        {
            string etag = await records.PutAsync(
                KeyOf(exchange.RunId, exchange.From), Write(exchange), RecordCondition.IfNew, cancellationToken);
            return exchange with { Etag = etag };
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return (await FindAsync(exchange.RunId, exchange.From, cancellationToken))!;
        }
    }

    /// <summary>Finds an exchange; <see langword="null"/> if there is none.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The position of its first event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Exchange?> FindAsync(string runId, long from, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId, from), cancellationToken) is { } record ? Read(record) : null;

    /// <summary>Lists the exchanges of a run by one door, the oldest first.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="door">The door.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Exchange>> OfAsync(string runId, string door, CancellationToken cancellationToken)
    {
        var found = new List<Exchange>();
        await foreach (StoredRecord record in records.ListAsync($"exchanges/{runId}/", null, cancellationToken))
        {
            if (Read(record) is { } exchange && exchange.Door == door)
            {
                found.Add(exchange);
            }
        }

        return found;
    }

    /// <summary>Ends an exchange, once: whoever comes later finds the first end.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="to">The position after its last event.</param>
    /// <param name="asked">The ids of what is asked.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The exchange as it is stored.</returns>
    public async Task<Exchange> EndAsync(
        Exchange exchange, long to, IReadOnlyList<string> asked, CancellationToken cancellationToken)
    {
        while (true)
        {
            Exchange stored = await FindAsync(exchange.RunId, exchange.From, cancellationToken) ?? exchange;
            if (stored.To is not null)
            {
                return stored;
            }

            try
            {
                Exchange ended = stored with { To = to, Asked = asked };
                await records.PutAsync(
                    KeyOf(exchange.RunId, exchange.From), Write(ended),
                    stored.Etag is { } etag ? RecordCondition.IfMatch(etag) : RecordCondition.IfNew, cancellationToken);
                return ended;
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Another reader was first.
            }
        }
    }

    /// <summary>Forgets an exchange.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task DeleteAsync(Exchange exchange, CancellationToken cancellationToken) =>
        records.DeleteAsync(KeyOf(exchange.RunId, exchange.From), default, cancellationToken);

    private static byte[] Write(Exchange exchange) =>
        JsonSerializer.SerializeToUtf8Bytes(exchange, ExchangeJsonContext.Default.Exchange);

    private static Exchange Read(StoredRecord record) =>
        JsonSerializer.Deserialize(record.Value.Span, ExchangeJsonContext.Default.Exchange)! with { Etag = record.Etag };

    private static string KeyOf(string runId, long from) => $"exchanges/{runId}/{from:D12}";
}

/// <summary>Source-generated JSON of exchanges.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Exchange))]
internal sealed partial class ExchangeJsonContext : JsonSerializerContext;
