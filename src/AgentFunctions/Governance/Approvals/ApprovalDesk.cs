using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Where people find what waits for them, and decide.</summary>
public sealed class ApprovalDesk
{
    /// <summary>The longest comment, in characters.</summary>
    public const int MaxComment = 4_000;

    private readonly ApprovalStore _store;
    private readonly IOrchestrationClient _orchestrations;
    private readonly Journal _journal;
    private readonly AuditLog _audit;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal ApprovalDesk(
        ApprovalStore store, IOrchestrationClient orchestrations, Journal journal, AuditLog audit, Redactor redactor, TimeProvider time) =>
        (_store, _orchestrations, _journal, _audit, _redactor, _time) = (store, orchestrations, journal, audit, redactor, time);

    /// <summary>What waits for a person: the riskiest first, then similar ones together, then the oldest.</summary>
    /// <param name="caller">Only what this caller may decide or has asked for; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<Approval>> ListAsync(Caller? caller = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Approval> open = await _store.ListOpenAsync(null, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = _time.GetUtcNow();
        Approval[] shown = [.. open.Where(approval => approval.State == ApprovalState.Pending && approval.ExpiresAt > now
            && (caller is null || MaySee(caller, approval)))];
        Dictionary<string, DateTimeOffset> oldest = shown.GroupBy(approval => approval.Group, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Min(approval => approval.CreatedAt), StringComparer.Ordinal);
        return [.. shown.Select(approval => ApprovalView.Of(approval, _redactor)).OrderByDescending(approval => approval.Risk).ThenBy(approval => oldest[approval.Group])
            .ThenBy(approval => approval.Group, StringComparer.Ordinal).ThenBy(approval => approval.CreatedAt)];
    }

    /// <summary>An approval.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">Who asks; <see langword="null"/> for the host itself.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ApprovalNotFound"/>: there is none that this caller may see.</exception>
    public async Task<Approval> GetAsync(string id, Caller? caller = null, CancellationToken cancellationToken = default) =>
        ApprovalView.Of(await FindAsync(id, caller, cancellationToken).ConfigureAwait(false), _redactor);

    /// <summary>Gets an approval with nothing masked in its arguments. Who looked is in the audit log.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">Who asks: somebody who may decide.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>; <see cref="ErrorCode.NotAllowed"/>: this caller may not decide.
    /// </exception>
    public async Task<Approval> RevealAsync(string id, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Approval approval = await FindAsync(id, caller, cancellationToken).ConfigureAwait(false);
        DemandRight(caller, approval);
        Approval view = ApprovalView.Of(approval, _redactor);
        await _audit.AppendAsync(
            Entry(AuditTypes.ApprovalRevealed, approval, caller.Id) with
            {
                Reason = $"{view.Masked.Count} masked parts: {string.Join("; ", view.Masked.Select(static part => $"{part.Path}, {part.Why}"))}",
            },
            cancellationToken).ConfigureAwait(false);
        return view with { Arguments = approval.Arguments, Edited = approval.Edited };
    }

    /// <summary>Approves or denies a call. Safe to repeat.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">Who decides.</param>
    /// <param name="approve">Whether the call may be made.</param>
    /// <param name="comment">Why; the model reads it. At most <see cref="MaxComment"/> characters.</param>
    /// <param name="arguments">Arguments to call with instead of the model's: a JSON object. Others who approved must do so again.</param>
    /// <param name="cancellationToken">Stops waiting; the decision may have been recorded.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>, <see cref="ErrorCode.InvalidInput"/>;
    /// <see cref="ErrorCode.NotAllowed"/>: this caller may not decide; <see cref="ErrorCode.ApprovalStateForbids"/>: it is decided.
    /// </exception>
    public async Task<Approval> DecideAsync(
        string id, Caller caller, bool approve, string? comment = null, JsonElement? arguments = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        CheckInput(approve, comment, arguments);
        await FindAsync(id, caller, cancellationToken).ConfigureAwait(false);
        var vote = new ApprovalVote(caller.Id, approve, _redactor.Redact(comment), _time.GetUtcNow());
        bool isNew = false;
        Approval approval = await _store.ChangeAsync(
            id, before => Count(before, caller, vote, arguments, out isNew), cancellationToken).ConfigureAwait(false);
        if (isNew)
        {
            await RecordAsync(approval, vote, cancellationToken).ConfigureAwait(false);
        }

        if (approval.State != ApprovalState.Pending)
        {
            await WakeAsync(approval, cancellationToken).ConfigureAwait(false);
        }

        return ApprovalView.Of(approval, _redactor);
    }

    /// <summary>Wakes the runs whose decision they may not have heard of: for the start of a host.</summary>
    internal async Task WakeDecidedAsync(CancellationToken cancellationToken)
    {
        foreach (Approval approval in await _store.ListOpenAsync(null, cancellationToken).ConfigureAwait(false))
        {
            if (approval.State != ApprovalState.Pending)
            {
                await WakeAsync(approval, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static void CheckInput(bool approve, string? comment, JsonElement? arguments)
    {
        if (comment?.Length > MaxComment)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"comment: use at most {MaxComment} characters.");
        }

        if (arguments is { } edited && (!approve || edited.ValueKind != JsonValueKind.Object))
        {
            throw new AgentException(ErrorCode.InvalidInput, "arguments: send a JSON object, and only with the decision approve.");
        }
    }

    private Approval Count(Approval before, Caller caller, ApprovalVote vote, JsonElement? arguments, out bool isNew)
    {
        isNew = false;
        if (before.Votes.LastOrDefault(past => past.By == caller.Id) is { } past && past.Approves == vote.Approves && arguments is null)
        {
            return before;
        }

        if (before.State != ApprovalState.Pending || before.ExpiresAt <= vote.At)
        {
            ApprovalState state = before.State == ApprovalState.Pending ? ApprovalState.Expired : before.State;
            throw new AgentException(ErrorCode.ApprovalStateForbids, $"Approval '{before.Id}' is {state.ToString().ToLowerInvariant()} already.");
        }

        DemandRight(caller, before);
        isNew = true;
        Approval after = arguments is null ? before : before with
        {
            Edited = arguments,
            Votes = [.. before.Votes.Where(static earlier => !earlier.Approves)],
        };
        IReadOnlyList<ApprovalVote> votes = [.. after.Votes.Where(earlier => earlier.By != caller.Id), vote];
        int approvers = votes.Count(static one => one.Approves);
        return after with
        {
            Votes = votes,
            State = !vote.Approves ? ApprovalState.Denied : approvers >= before.Terms.Count ? ApprovalState.Approved : ApprovalState.Pending,
        };
    }

    private static void DemandRight(Caller caller, Approval approval)
    {
        if (!approval.Roles.Any(caller.Has))
        {
            throw new AgentException(
                ErrorCode.NotAllowed, $"Rule '{approval.Rule}' lets only these roles decide: {string.Join(", ", approval.Roles)}.");
        }

        if (approval.Terms.NotRequester && caller.Id == approval.Requester)
        {
            throw new AgentException(
                ErrorCode.NotAllowed, $"Rule '{approval.Rule}' wants somebody other than the one who asked for the run to decide.");
        }
    }

    private static bool MaySee(Caller caller, Approval approval) =>
        approval.Requester == caller.Id || caller.Has(CallerRoles.Admin) || caller.Has(CallerRoles.Auditor) || approval.Roles.Any(caller.Has);

    private async Task<Approval> FindAsync(string id, Caller? caller, CancellationToken cancellationToken) =>
        await _store.FindAsync(id, cancellationToken).ConfigureAwait(false) is var (approval, _) && (caller is null || MaySee(caller, approval))
            ? approval
            : throw new AgentException(ErrorCode.ApprovalNotFound, $"There is no approval '{id}'.");

    private static AuditEntry Entry(string type, Approval approval, string actor) => new(type)
    {
        RunId = approval.RunId,
        RootId = approval.RootId,
        Turn = approval.Turn,
        Call = approval.Call,
        Requester = approval.Requester,
        Actor = actor,
        Chain = approval.Chain,
        Tool = approval.Tool,
        Effect = approval.Effect,
        Rule = approval.Rule,
        ApprovalId = approval.Id,
        ArgumentsHash = CanonicalJson.Hash(approval.Edited ?? approval.Arguments),
    };

    private async Task RecordAsync(Approval approval, ApprovalVote vote, CancellationToken cancellationToken)
    {
        await _audit.AppendAsync(
            Entry(AuditTypes.ApprovalDecided, approval, vote.By) with
            {
                Verdict = vote.Approves ? PolicyVerdict.Allow : PolicyVerdict.Deny,
                Arguments = approval.Edited is { } edited ? _redactor.Redact(edited.GetRawText()) : null,
                Reason = vote.Comment,
            },
            cancellationToken).ConfigureAwait(false);
        await _journal.AppendAsync(
            approval.RunId,
            new JournalEvent(JournalEventTypes.ApprovalDecided, vote.At)
            {
                Turn = approval.Turn,
                Call = approval.Call,
                Tool = approval.Tool,
                Approval = approval.Id,
                Text = $"{vote.By} {(vote.Approves ? "approved" : "denied")}{(vote.Comment is null ? "" : $": {vote.Comment}")}",
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task WakeAsync(Approval approval, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.RaiseEventAsync(approval.RunId, approval.EventName, approval.State.ToString(), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            await _store.SettleAsync(approval, cancellationToken).ConfigureAwait(false);
        }
    }
}
