using System.Globalization;
using AgentFunctions.Activities;
using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Governance.Reviews;

/// <summary>The runs' side of reviews: lets a call with effects be made only where its team can hold one more unreviewed change.</summary>
internal sealed class ReviewGate(ReviewBooks books, Redactor redactor, TimeProvider time)
{
    /// <summary>How much of the arguments a reviewer is shown, in characters.</summary>
    private const int ArgumentsLimit = 200;

    private static readonly TimeSpan FirstLook = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>What a call has to wait for before anything is decided about it; <see langword="null"/> where there is room.</summary>
    /// <param name="request">The call.</param>
    /// <param name="known">What the ledger knows of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ToolCallRuling?> WaitAsync(ToolCallRequest request, LedgerEntry? known, CancellationToken cancellationToken)
    {
        if (!Concerns(request, known?.ApprovalId))
        {
            return null;
        }

        string id = IdOf(request.Context);
        foreach ((ReviewQueueOptions queue, string label) in books.QueuesOf(request.Run))
        {
            ReviewBook book = await books.ReadAsync(label, cancellationToken).ConfigureAwait(false);
            if (!book.HasRoom(id, queue.Capacity) && await LookAsync(request, queue, label, null, cancellationToken).ConfigureAwait(false) is { } wait)
            {
                return new ToolCallRuling { Wait = wait };
            }
        }

        return null;
    }

    /// <summary>Enters a call that may be made; one for which others took the room in between waits after all.</summary>
    public async Task<ToolCallRuling> EnterAsync(ToolCallRequest request, ToolCallRuling ruling, CancellationToken cancellationToken)
    {
        if (!books.IsConfigured || request.Tool.Effect == ToolEffect.None)
        {
            return ruling;
        }

        ToolContext context = request.Context;
        if (ruling.Call is null || !Concerns(request, ruling.ApprovalId))
        {
            await ForgetAsync(request.Run, waiting => waiting.Id == IdOf(context), cancellationToken).ConfigureAwait(false);
            return ruling;
        }

        var change = new Change(
            IdOf(context), context.RunId, context.Turn, context.Call, request.Tool.Name, request.Agent.Name, request.Lineage.Root.Requester,
            Preview.Of(redactor.Redact((ruling.Decision?.Arguments ?? request.Arguments).GetRawText()), ArgumentsLimit)!, time.GetUtcNow());
        var entered = new List<string>();
        foreach ((ReviewQueueOptions queue, string label) in books.QueuesOf(request.Run))
        {
            if (await LookAsync(request, queue, label, change, cancellationToken).ConfigureAwait(false) is { } wait)
            {
                foreach (string earlier in entered)
                {
                    await books.ChangeAsync(
                        earlier, book => (book with { Open = book.Open.RemoveAll(open => open.Id == change.Id) }, true), CancellationToken.None)
                        .ConfigureAwait(false);
                }

                return ruling with { Call = null, Wait = wait };
            }

            entered.Add(label);
        }

        return ruling;
    }

    /// <summary>Forgets the waiting calls of a run that has ended.</summary>
    public Task LeaveAsync(RunRecord run, CancellationToken cancellationToken) =>
        ForgetAsync(run, waiting => waiting.RunId == run.Id, cancellationToken);

    /// <summary>A call that will not be made must not keep others from the room that it waited for.</summary>
    private async Task ForgetAsync(RunRecord run, Predicate<WaitingChange> gone, CancellationToken cancellationToken)
    {
        foreach ((_, string label) in books.QueuesOf(run))
        {
            ReviewBook book = await books.ReadAsync(label, cancellationToken).ConfigureAwait(false);
            if (book.Waiting.Exists(gone))
            {
                book = await books.ChangeAsync(label, before =>
                {
                    ReviewBook after = before with { Waiting = before.Waiting.RemoveAll(gone) };
                    return (after, after);
                }, cancellationToken).ConfigureAwait(false);
                await books.WakeAsync(book, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Finds room for a call, and takes it where the change is given; else enters it among those that wait.</summary>
    private async Task<ToolCallWait?> LookAsync(
        ToolCallRequest request, ReviewQueueOptions queue, string label, Change? change, CancellationToken cancellationToken)
    {
        string id = IdOf(request.Context);
        DateTimeOffset now = time.GetUtcNow();
        (WaitingChange? wait, DateTimeOffset? since) = await books.ChangeAsync<(WaitingChange?, DateTimeOffset?)>(label, before =>
        {
            ReviewBook book = before.WithoutLost(now);
            WaitingChange? known = book.Waiting.Find(waiting => waiting.Id == id);
            if (book.HasRoom(id, queue.Capacity))
            {
                return (change is null ? book : book.With(change), (null, known?.Since));
            }

            TimeSpan pause = FirstLook * Math.Pow(2, Math.Min(known?.Looks ?? 0, 16));
            var next = new WaitingChange(
                id, request.Context.RunId, EventOf(request.Context), known?.Since ?? now, now + (pause < LongestPause ? pause : LongestPause),
                (known?.Looks ?? 0) + 1);
            return (book.Waits(next), (next, null));
        }, cancellationToken).ConfigureAwait(false);
        if (wait is null && change is not null && since is { } began)
        {
            ReviewTelemetry.Waited(label, now - began);
        }

        return wait is null ? null : new ToolCallWait("reviewCapacity", label, wait.EventName, wait.NextLook);
    }

    /// <summary>A call that a person approved was reviewed before it was made.</summary>
    private bool Concerns(ToolCallRequest request, string? approvalId) =>
        books.IsConfigured && request.Tool.Effect != ToolEffect.None && approvalId is null;

    private static string IdOf(ToolContext context) => CallHash.ChangeId(context.RunId, context.Turn, context.Call);

    private static string EventOf(ToolContext context) =>
        string.Create(CultureInfo.InvariantCulture, $"review-{context.Turn}-{context.Call}");
}
