using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Provides the changes that have not been reviewed, and records reviews.</summary>
public sealed class ReviewService
{
    /// <summary>Specifies the longest comment, in characters.</summary>
    public const int MaxComment = 4_000;

    private static readonly string[] DefaultRoles = [CallerRoles.Approver];

    private readonly ReviewStateStore _books;
    private readonly AuditLog _audit;
    private readonly Redactor _redactor;

    internal ReviewService(ReviewStateStore books, AuditLog audit, Redactor redactor) =>
        (_books, _audit, _redactor) = (books, audit, redactor);

    /// <summary>
    /// Lists the queues with the changes that a caller may see: those that it may review, its own, and all if its role sees all.
    /// </summary>
    /// <param name="caller">The caller; <see langword="null"/> for the host itself.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ReviewQueue>> ListAsync(Caller? caller = null, CancellationToken cancellationToken = default)
    {
        ReviewQueue[] all =
        [
            .. (await _books.ListAsync(cancellationToken).ConfigureAwait(false))
                .Select(book => new ReviewQueue(
                    book.Label, _books.OptionsOf(book.Label)?.Capacity, book.Open, book.Waiting.Count))
                .OrderBy(static queue => queue.Label, StringComparer.Ordinal),
        ];
        return caller is null ? all : SeenBy(caller, all);
    }

    /// <summary>Finds what a caller may see of queues, as <see cref="ListAsync"/> lists it.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="queues">The queues with all their changes, or with those that the caller may see.</param>
    public IReadOnlyList<ReviewQueue> SeenBy(Caller caller, IReadOnlyList<ReviewQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(queues);
        return
        [
            .. queues.Select(queue => queue with
                {
                    Changes = [.. queue.Changes.Where(change => MaySee(caller, queue.Label, change))],
                })
                .Where(queue => queue.Changes.Count > 0 || MaySeeAll(caller, queue.Label)),
        ];
    }

    /// <summary>Marks changes as reviewed; runs that waited for room go on.</summary>
    /// <param name="ids">The changes; <see langword="null"/> for all of <paramref name="runId"/>.</param>
    /// <param name="runId">Only changes of this run; <see langword="null"/> for any.</param>
    /// <param name="caller">Who has reviewed them.</param>
    /// <param name="comment">What it has to say of them, for the audit log; at most <see cref="MaxComment"/> characters.</param>
    /// <param name="cancellationToken">The token to cancel the wait. What has begun is carried through.</param>
    /// <returns>The changes that were marked; one in several queues is there once.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: nothing was named. <see cref="ErrorCode.ReviewNotFound"/>: nothing of it is
    /// unreviewed, as far as this caller may see. <see cref="ErrorCode.NotAllowed"/>: it may see, but not review; nothing was
    /// marked.
    /// </exception>
    public async Task<IReadOnlyList<Change>> AcceptAsync(
        IReadOnlyCollection<string>? ids, string? runId, Caller caller, string? comment = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(ids, runId, comment);
        bool Meant(Change change) => ids?.Contains(change.Id) != false && (runId is null || change.RunId == runId);
        var found = (await ListAsync(caller, cancellationToken).ConfigureAwait(false))
            .Select(queue => (queue.Label, Changes: queue.Changes.Where(Meant).ToArray()))
            .Where(static queue => queue.Changes.Length > 0).ToArray();
        if (found.Length == 0)
        {
            throw new AgentException(ErrorCode.ReviewNotFound,
                "There is no such unreviewed change; GET /api/reviews lists those that there are.");
        }

        foreach ((string label, Change[] changes) in found)
        {
            Ensure(caller, label, changes);
        }

        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        var accepted = new Dictionary<string, Change>(StringComparer.Ordinal);
        foreach ((string label, Change[] changes) in found)
        {
            // Before they are taken off: a host that is killed in between leaves them to be reviewed again, and logs both.
            foreach (Change change in changes.Where(change => accepted.TryAdd(change.Id, change)))
            {
                await AuditAsync(change, label, caller, comment, cancellationToken).ConfigureAwait(false);
            }

            ReviewState book = await _books.ChangeAsync(label, before =>
            {
                ReviewState after = before with { Open = before.Open.RemoveAll(open => changes.Any(change => change.Id == open.Id)) };
                return (after, after);
            }, cancellationToken).ConfigureAwait(false);
            await _books.WakeAsync(book, cancellationToken).ConfigureAwait(false);
        }

        return [.. accepted.Values];
    }

    /// <summary>
    /// Wakes the calls for which there is room, and which a crash kept from hearing of it: for the start of a host.
    /// </summary>
    internal async Task WakeAsync(CancellationToken cancellationToken)
    {
        foreach (ReviewState book in await _books.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            await _books.WakeAsync(book, cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Check(IReadOnlyCollection<string>? ids, string? runId, string? comment)
    {
        if ((ids is null && runId is null) || ids is { Count: 0 or > ReviewQueueOptions.MaxCapacity })
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"ids: name 1 to {ReviewQueueOptions.MaxCapacity} changes, or a run.");
        }

        if (comment is { Length: > MaxComment })
        {
            throw new AgentException(ErrorCode.InvalidInput, $"comment: use at most {MaxComment} characters.");
        }
    }

    private void Ensure(Caller caller, string label, IEnumerable<Change> changes)
    {
        IEnumerable<string> roles = RolesOf(label);
        if (!roles.Any(caller.Has))
        {
            throw new AgentException(ErrorCode.NotAllowed,
                $"Rule 'Reviews:Queues {label}': this takes the role {string.Join(" or ", roles)}.");
        }

        if (_books.OptionsOf(label) is { NotRequester: true } && changes.Any(change => change.Requester == caller.Id))
        {
            throw new AgentException(ErrorCode.NotAllowed,
                $"Rule 'Reviews:Queues {label}': the requester of a run may not review its changes.");
        }
    }

    private IEnumerable<string> RolesOf(string label) => _books.OptionsOf(label) is { Roles: { Count: > 0 } roles }
        ? roles
        : DefaultRoles;

    private bool MaySee(Caller caller, string label, Change change) => change.Requester == caller.Id || MaySeeAll(caller, label);

    private bool MaySeeAll(Caller caller, string label) => RolesOf(label).Any(caller.Has)
        || caller.Has(CallerRoles.Viewer) || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Auditor)
        || caller.Has(CallerRoles.Admin);

    private Task AuditAsync(Change change, string label, Caller caller, string? comment, CancellationToken cancellationToken) =>
        _audit.AppendAsync(
        new AuditEntry(AuditTypes.ChangeReviewed)
        {
            RunId = change.RunId,
            Turn = change.Turn,
            Call = change.Call,
            Tool = change.Tool,
            Agent = change.Agent,
            Requester = change.Requester,
            Actor = caller.Id,
            Rule = label,
            Reason = _redactor.Redact(comment),
        },
        cancellationToken);
}

/// <summary>Represents the unreviewed changes of the runs with a label.</summary>
/// <param name="Label">The label as <c>name=value</c>.</param>
/// <param name="Capacity">The most that there may be; <see langword="null"/> if the configuration no longer limits them.</param>
/// <param name="Changes">The changes, the oldest first.</param>
/// <param name="Waiting">How many calls wait until there is room.</param>
public sealed record ReviewQueue(string Label, int? Capacity, IReadOnlyList<Change> Changes, int Waiting);
