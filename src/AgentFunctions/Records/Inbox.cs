using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Storage;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Records;

/// <summary>What a person said to a run.</summary>
/// <param name="Text">The words.</param>
/// <param name="By">Who said them.</param>
/// <param name="At">The time (UTC).</param>
internal sealed record InboxMessage(string Text, string By, DateTimeOffset At)
{
    /// <summary>Gets what the request is known by that sent it; <see langword="null"/> if it had no idempotency key.</summary>
    public string? Key { get; init; }

    /// <summary>Gets images and other data that belong to the words; <see langword="null"/> for none.</summary>
    [JsonConverter(typeof(ContentsConverter<AIContent>))]
    public IReadOnlyList<AIContent>? Media { get; init; }

    /// <summary>Gets whether the host says it, and no person; <see langword="null"/> for a person.</summary>
    public bool? IsHost { get; init; }
}

/// <summary>
/// What people say to runs: the messages that they send, a log each, and what they answer to questions, a record for each call
/// that asked. The model is shown each once, and again beside every summary.
/// </summary>
internal sealed class Inbox(ILogStore logs, IRecordStore records)
{
    /// <summary>Adds a message at the end.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>How many messages the run has with it.</returns>
    public async Task<long> AddAsync(string runId, InboxMessage message, CancellationToken cancellationToken = default) =>
        1 + await logs.AppendAsync(
            StreamOf(runId),
            [JsonSerializer.SerializeToUtf8Bytes(message, StoredRecordsJsonContext.Default.InboxMessage)],
            null,
            cancellationToken).ConfigureAwait(false);

    /// <summary>The messages of a range.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first message's number, from 0.</param>
    /// <param name="to">The number after the last.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<InboxMessage>> ReadAsync(
        string runId, long from, long to, CancellationToken cancellationToken = default)
    {
        var messages = new List<InboxMessage>();
        if (to > from)
        {
            await foreach (LogEntry entry in logs
                .ReadAsync(StreamOf(runId), from, (int)(to - from), cancellationToken).ConfigureAwait(false))
            {
                messages.Add(JsonSerializer.Deserialize(entry.Data.Span, StoredRecordsJsonContext.Default.InboxMessage)!);
            }
        }

        return messages;
    }

    /// <summary>The message of a request, and how many the run has with it; <see langword="null"/> if it was not sent.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="key">What the request is known by.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    internal async Task<(InboxMessage Message, long Count)?> FindAsync(string runId, string key,
        CancellationToken cancellationToken)
    {
        await foreach (LogEntry entry in logs.ReadAsync(StreamOf(runId), 0, null, cancellationToken).ConfigureAwait(false))
        {
            if (JsonSerializer.Deserialize(entry.Data.Span, StoredRecordsJsonContext.Default.InboxMessage) is { } message
                && message.Key == key)
            {
                return (message, entry.Position + 1);
            }
        }

        return null;
    }

    /// <summary>Adds a message at a place, unless there is one.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="position">The message's number, from 0.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task AddIfMissingAsync(string runId, long position, InboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            byte[] data = JsonSerializer.SerializeToUtf8Bytes(message, StoredRecordsJsonContext.Default.InboxMessage);
            await logs.AppendAsync(StreamOf(runId), [data], position, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
        {
            // A repeated copy: the first one put it there.
        }
    }

    private static string StreamOf(string runId) => $"inboxes/{runId}";

    /// <summary>Keeps an answer; the same call's replaces it.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn of the call that asked.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="said">What was said.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal Task AddAnswerAsync(string runId, int turn, int call, InboxMessage said, CancellationToken cancellationToken) =>
        records.PutAsync(
        $"{AnswersOf(runId)}{turn:D6}/{call:D4}",
        JsonSerializer.SerializeToUtf8Bytes(said, StoredRecordsJsonContext.Default.InboxMessage), default, cancellationToken);

    /// <summary>Lists what was answered, in the order of the calls.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The last turn to look at.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<IReadOnlyList<(string Place, InboxMessage Said)>> AnswersAsync(string runId, int turn,
        CancellationToken cancellationToken)
    {
        var said = new List<(string, InboxMessage)>();
        await foreach (StoredRecord record in records.ListAsync(AnswersOf(runId), null, cancellationToken).ConfigureAwait(false))
        {
            string place = record.Key[AnswersOf(runId).Length..];
            if (string.CompareOrdinal(place, $"{turn + 1:D6}") < 0)
            {
                said.Add((place, JsonSerializer.Deserialize(record.Value.Span, StoredRecordsJsonContext.Default.InboxMessage)!));
            }
        }

        return said;
    }

    /// <summary>Copies what was answered up to a turn. Safe to repeat.</summary>
    /// <param name="from">The run.</param>
    /// <param name="to">The new run.</param>
    /// <param name="turn">The last turn.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task CopyAnswersAsync(string from, string to, int turn, CancellationToken cancellationToken)
    {
        foreach ((string place, InboxMessage said) in await AnswersAsync(from, turn, cancellationToken).ConfigureAwait(false))
        {
            await records.PutAsync(
                AnswersOf(to) + place, JsonSerializer.SerializeToUtf8Bytes(said, StoredRecordsJsonContext.Default.InboxMessage),
                default, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static string AnswersOf(string runId) => $"said/{runId}/";
}
