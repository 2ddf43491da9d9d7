using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Views;

/// <summary>Reads the transcript of a run in pages: from a position, before one, of a turn, or by words.</summary>
public sealed class TranscriptPages
{
    /// <summary>The most messages that one search looks at.</summary>
    internal const int MaxSearched = 5_000;

    private readonly Transcript _transcript;

    internal TranscriptPages(Transcript transcript) => _transcript = transcript;

    /// <summary>Reads one page.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="query">Which messages.</param>
    /// <param name="limit">The most messages of the page.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<TranscriptPage> ReadAsync(
        string runId, TranscriptQuery query, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        long length = await _transcript.LengthAsync(runId, cancellationToken).ConfigureAwait(false);
        if (query.Before is { } before)
        {
            long end = Math.Min(before, length);
            long start = Math.Max(0, end - limit);
            List<TranscriptEntry> last = await PartAsync(
                runId, start, (int)(end - start), cancellationToken).ConfigureAwait(false);
            return new TranscriptPage(last, end < length ? end : null, start > 0 ? start : null);
        }

        long from = query.Turn is { } first
            ? Math.Max(query.From, await FirstOfAsync(runId, first, length, cancellationToken).ConfigureAwait(false))
            : query.From;
        var found = new List<TranscriptEntry>();
        int looked = 0;
        await foreach (TranscriptEntry entry in _transcript.ReadAsync(runId, from, null, cancellationToken).ConfigureAwait(false))
        {
            if (query.Turn is { } turn && entry.Turn > turn)
            {
                break;
            }

            if (found.Count == limit || looked++ == MaxSearched)
            {
                return new TranscriptPage(found, entry.Position, PreviousOf(from, query));
            }

            if (query.Text is not { } text || Has(entry.Message, text))
            {
                found.Add(entry);
            }
        }

        return new TranscriptPage(found, null, PreviousOf(from, query));
    }

    private static long? PreviousOf(long from, TranscriptQuery query) =>
        from > 0 && query.Text is null && query.Turn is null ? from : null;

    private async Task<List<TranscriptEntry>> PartAsync(
        string runId, long from, int count, CancellationToken cancellationToken) =>
        count == 0
            ? []
            : await _transcript.ReadAsync(runId, from, count, cancellationToken).ToListAsync(cancellationToken)
                .ConfigureAwait(false);

    /// <summary>The position of the first message of a turn, or of what follows it: turns only grow.</summary>
    private async Task<long> FirstOfAsync(string runId, int turn, long length, CancellationToken cancellationToken)
    {
        (long low, long high) = (0, length);
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            List<TranscriptEntry> one = await PartAsync(runId, middle, 1, cancellationToken).ConfigureAwait(false);
            (low, high) = one.Count == 0 || one[0].Turn >= turn ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private static bool Has(ChatMessage message, string text) => message.Contents.Any(content => content switch
    {
        TextContent said => Has(said.Text, text),
        TextReasoningContent thought => Has(thought.Text, text),
        FunctionCallContent call => Has(call.Name, text) || Has(ModelConventions.ArgumentsText(call), text),
        FunctionResultContent result => Has(result.Result?.ToString(), text),
        _ => false,
    });

    private static bool Has(string? text, string part) => text?.Contains(part, StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>Represents which messages of a transcript a page has.</summary>
public sealed record TranscriptQuery
{
    /// <summary>Gets the position of the first message; 0 by default.</summary>
    public long From { get; init; }

    /// <summary>
    /// Gets the position before which the page ends; <see langword="null"/> to read from <see cref="From"/> on.
    /// </summary>
    public long? Before { get; init; }

    /// <summary>Gets the turn of the messages; <see langword="null"/> for any.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets a text that the messages contain; <see langword="null"/> for any.</summary>
    public string? Text { get; init; }
}

/// <summary>Represents a page of a transcript.</summary>
/// <param name="Messages">The messages, in order.</param>
/// <param name="Next">The position to continue from; <see langword="null"/> at the present end.</param>
/// <param name="Previous">
/// The position before which older messages end; <see langword="null"/> at the beginning and for a selection.
/// </param>
public sealed record TranscriptPage(IReadOnlyList<TranscriptEntry> Messages, long? Next, long? Previous);
