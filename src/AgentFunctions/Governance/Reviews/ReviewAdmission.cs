using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Reviews;

/// <summary>
/// The runs' side of reviews: lets a call with effects be made only where its team can hold one more unreviewed change.
/// </summary>
internal sealed class ReviewAdmission(ReviewStateStore books, Redactor redactor, TimeProvider time) : IRunEndObserver
{
    /// <summary>How much of the arguments a reviewer is shown, in characters.</summary>
    private const int ArgumentsLimit = 200;

    private static readonly TimeSpan FirstLook = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>Gets whether this host has queues.</summary>
    public bool IsConfigured => books.IsConfigured;

    /// <summary>
    /// Gets what a call has to wait for before anything is decided about it; <see langword="null"/> if there is room.
    /// </summary>
    /// <param name="run">The run that calls.</param>
    /// <param name="place">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ReviewWait?> FindWaitAsync(RunRecord run, ChangeLocation place, CancellationToken cancellationToken)
    {
        foreach ((ReviewQueueOptions queue, string label) in books.QueuesOf(run))
        {
            ReviewState book = await books.ReadAsync(label, cancellationToken).ConfigureAwait(false);
            if (!book.HasRoom(place.Id, queue.Capacity)
                && await LookAsync(place, queue, label, null, cancellationToken).ConfigureAwait(false) is { } wait)
            {
                return wait;
            }
        }

        return null;
    }

    /// <summary>Takes the room for a call that may be made, in all its queues or in none.</summary>
    /// <param name="run">The run that calls.</param>
    /// <param name="place">The call.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="requester">Who asked for the root run.</param>
    /// <param name="arguments">The arguments that the call is made with.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What to wait for if others took the room in between.</returns>
    public async Task<ReviewWait?> TakeAsync(
        RunRecord run, ChangeLocation place, string tool, string requester, JsonElement arguments,
        CancellationToken cancellationToken)
    {
        var change = new Change(
            place.Id, place.RunId, place.Turn, place.Call, tool, run.Agent, requester,
            Preview.Of(redactor.Redact(arguments.GetRawText()), ArgumentsLimit)!, time.GetUtcNow());
        var entered = new List<string>();
        foreach ((ReviewQueueOptions queue, string label) in books.QueuesOf(run))
        {
            if (await LookAsync(place, queue, label, change, cancellationToken).ConfigureAwait(false) is { } wait)
            {
                foreach (string earlier in entered)
                {
                    await books.ChangeAsync(
                        earlier, book => (book with { Open = book.Open.RemoveAll(open => open.Id == change.Id) }, true),
                        CancellationToken.None)
                        .ConfigureAwait(false);
                }

                return wait;
            }

            entered.Add(label);
        }

        return null;
    }

    /// <summary>Forgets a call that will not be made, so that it does not keep others from the room that it waited for.</summary>
    /// <param name="run">The run that called.</param>
    /// <param name="place">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task ForgetAsync(RunRecord run, ChangeLocation place, CancellationToken cancellationToken)
    {
        string id = place.Id;
        return ForgetAsync(run, waiting => waiting.Id == id, cancellationToken);
    }

    /// <summary>Forgets the waiting calls of a run that has ended.</summary>
    public Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken) =>
        ForgetAsync(run, waiting => waiting.RunId == run.Id, cancellationToken);

    private async Task ForgetAsync(RunRecord run, Predicate<WaitingChange> gone, CancellationToken cancellationToken)
    {
        foreach ((_, string label) in books.QueuesOf(run))
        {
            ReviewState book = await books.ReadAsync(label, cancellationToken).ConfigureAwait(false);
            if (book.Waiting.Exists(gone))
            {
                book = await books.ChangeAsync(label, before =>
                {
                    ReviewState after = before with { Waiting = before.Waiting.RemoveAll(gone) };
                    return (after, after);
                }, cancellationToken).ConfigureAwait(false);
                await books.WakeAsync(book, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Finds room for a call, and takes it where the change is given; else enters it among those that wait.</summary>
    private async Task<ReviewWait?> LookAsync(
        ChangeLocation place, ReviewQueueOptions queue, string label, Change? change, CancellationToken cancellationToken)
    {
        string id = place.Id;
        DateTimeOffset now = time.GetUtcNow();
        (WaitingChange? wait, DateTimeOffset? since) = await books.ChangeAsync<(WaitingChange?, DateTimeOffset?)>(label, before =>
        {
            ReviewState book = before.WithoutLost(now);
            WaitingChange? known = book.Waiting.Find(waiting => waiting.Id == id);
            if (book.HasRoom(id, queue.Capacity))
            {
                return (change is null ? book : book.With(change), (null, known?.Since));
            }

            TimeSpan pause = FirstLook * Math.Pow(2, Math.Min(known?.Looks ?? 0, 16));
            var next = new WaitingChange(
                id, place.RunId, place.EventName, known?.Since ?? now, now + (pause < LongestPause ? pause : LongestPause),
                (known?.Looks ?? 0) + 1);
            return (book.Waits(next), (next, null));
        }, cancellationToken).ConfigureAwait(false);
        if (wait is null && change is not null && since is { } began)
        {
            ReviewTelemetry.Waited(label, now - began);
        }

        return wait is null ? null : new ReviewWait(label, wait.EventName, wait.NextLook);
    }
}
