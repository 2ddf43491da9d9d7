using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Storage;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>An answer of a model that was streamed while it came.</summary>
/// <param name="Id">What tells it from every other one.</param>
/// <param name="Position">The last position of the journal before it.</param>
internal sealed record Delivery(string Id, long Position)
{
    /// <summary>Gets whether what was streamed of it had to be taken back.</summary>
    public bool IsBroken { get; init; }
}

/// <summary>
/// Remembers which answers of a run's models were streamed before they were recorded, one record a turn. An answer is entered
/// before its first piece is sent, so every reader knows of it, also after a crash that kept it from being recorded.
/// </summary>
internal sealed class Deliveries(IRecordStore records)
{
    /// <summary>Gets those of a turn, in order.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Delivery>> OfAsync(string runId, int turn, CancellationToken cancellationToken) =>
        Read(await records.GetAsync(KeyOf(runId, turn), cancellationToken));

    /// <summary>Enters an answer unless it is there.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="id">The answer.</param>
    /// <param name="position">The last position of the journal before it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>All answers of the turn, in order.</returns>
    public Task<IReadOnlyList<Delivery>> EnterAsync(
        string runId, int turn, string id, long position, CancellationToken cancellationToken) =>
        ChangeAsync(
            runId, turn, known => known.Any(one => one.Id == id) ? known : [.. known, new Delivery(id, position)],
            cancellationToken);

    /// <summary>Enters that what was streamed of an answer is void.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="id">The answer.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>All answers of the turn, in order.</returns>
    public Task<IReadOnlyList<Delivery>> BreakAsync(string runId, int turn, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            runId, turn, known => [.. known.Select(one => one.Id == id ? one with { IsBroken = true } : one)], cancellationToken);

    /// <summary>Gets where an answer of a turn stands.</summary>
    /// <param name="known">All of the turn.</param>
    /// <param name="delivery">The answer.</param>
    public static DeliveryPlace PlaceOf(IReadOnlyList<Delivery> known, Delivery delivery) => new(
        delivery.Position,
        known.TakeWhile(one => one.Id != delivery.Id).Count(one => one.Position == delivery.Position));

    private async Task<IReadOnlyList<Delivery>> ChangeAsync(
        string runId, int turn, Func<IReadOnlyList<Delivery>, IReadOnlyList<Delivery>> change,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            StoredRecord? record = await records.GetAsync(KeyOf(runId, turn), cancellationToken);
            IReadOnlyList<Delivery> known = Read(record);
            IReadOnlyList<Delivery> changed = change(known);
            if (changed.SequenceEqual(known))
            {
                return known;
            }

            try
            {
                await records.PutAsync(
                    KeyOf(runId, turn),
                    JsonSerializer.SerializeToUtf8Bytes([.. changed], DeliveriesJsonContext.Default.DeliveryArray),
                    record is null ? RecordCondition.IfNew : RecordCondition.IfMatch(record.Etag), cancellationToken);
                return changed;
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Another reader was first.
            }
        }
    }

    private static IReadOnlyList<Delivery> Read(StoredRecord? record) =>
        record is null ? [] : JsonSerializer.Deserialize(record.Value.Span, DeliveriesJsonContext.Default.DeliveryArray)!;

    private static string KeyOf(string runId, int turn) => $"deliveries/{runId}/{turn:D6}";
}

/// <summary>Source-generated JSON of what was streamed.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Delivery[]))]
internal sealed partial class DeliveriesJsonContext : JsonSerializerContext;
