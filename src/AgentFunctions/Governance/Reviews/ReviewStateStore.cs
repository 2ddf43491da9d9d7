using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Reviews;

/// <summary>The review queues of this host: one record for each value of a label.</summary>
internal sealed class ReviewStateStore(
    IRecordStore records, IOrchestrationClient orchestrations, IOptions<ReviewOptions> options, TimeProvider time,
    ILogger<ReviewStateStore>? log = null)
{
    private const string Prefix = "reviews/";

    private readonly ConcurrentDictionary<string, SharedRecord<ReviewState>> _books = new(StringComparer.Ordinal);

    /// <summary>Gets whether there are any queues.</summary>
    public bool IsConfigured => options.Value.Queues.Count > 0;

    /// <summary>The queues that a run's changes go to, with the label as <c>name=value</c>.</summary>
    public IEnumerable<(ReviewQueueOptions Queue, string Label)> QueuesOf(RunRecord run)
    {
        foreach (ReviewQueueOptions queue in options.Value.Queues)
        {
            var label = LabelSelector.Parse(queue.Label!);
            if (label.ValueIn(run.Labels) is { } value)
            {
                yield return (queue, $"{label.Name}={value}");
            }
        }
    }

    /// <summary>How a queue is set up; <see langword="null"/> if the configuration no longer knows it.</summary>
    public ReviewQueueOptions? OptionsOf(string label) => options.Value.Queues.FirstOrDefault(
        queue => queue.Label == label || queue.Label == LabelSelector.Parse(label).Name);

    /// <summary>What a queue holds now.</summary>
    public ValueTask<ReviewState> ReadAsync(string label, CancellationToken cancellationToken) =>
        BookOf(label).ReadAsync(TimeSpan.FromSeconds(1), cancellationToken);

    /// <summary>Changes a queue.</summary>
    public async Task<TResult> ChangeAsync<TResult>(
        string label, Func<ReviewState, (ReviewState, TResult)> change, CancellationToken cancellationToken)
    {
        ReviewState after = new();
        TResult result = await BookOf(label).ChangeAsync(
            before =>
            {
                (after, TResult told) = change(before);
                return (after, told);
            },
            cancellationToken).ConfigureAwait(false);
        ReviewTelemetry.Queue(after, time.GetUtcNow());
        return result;
    }

    /// <summary>Tells the meter what the queues hold now.</summary>
    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        foreach (ReviewState book in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            ReviewTelemetry.Queue(book, time.GetUtcNow());
        }
    }

    /// <summary>All queues.</summary>
    public async Task<IReadOnlyList<ReviewState>> ListAsync(CancellationToken cancellationToken)
    {
        var books = new List<ReviewState>();
        await foreach (ReviewState book in records.ReadAllAsync(
            Prefix, static record => JsonSerializer.Deserialize(record.Value.Span, ReviewsJsonContext.Default.ReviewState), log,
            cancellationToken).ConfigureAwait(false))
        {
            books.Add(book);
        }

        return books;
    }

    /// <summary>
    /// Wakes the calls for which there is room. A wake-up that is lost costs a wait until the call looks by itself.
    /// </summary>
    public async Task WakeAsync(ReviewState book, CancellationToken cancellationToken)
    {
        // A queue that the configuration no longer knows holds nobody back.
        int room = OptionsOf(book.Label) is { } queue ? queue.Capacity - book.Open.Count : int.MaxValue;
        DateTimeOffset now = time.GetUtcNow();
        foreach (WaitingChange waiting in book.Waiting.Where(waiting => !waiting.IsLost(now)).Take(Math.Max(0, room)))
        {
            try
            {
                await orchestrations.RaiseEventAsync(waiting.RunId, waiting.EventName, waiting.Id, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code is ErrorCode.InstanceNotFound)
            {
                // The run is gone.
            }
        }
    }

    private SharedRecord<ReviewState> BookOf(string label) => _books.GetOrAdd(
        label,
        static (key, books) => new SharedRecord<ReviewState>(
            books.records, Prefix + TextHash.Of(key),
            static () => ReviewsJsonContext.Default.ReviewState,
            new ReviewState { Label = key }, books.time),
        (records, time));
}
