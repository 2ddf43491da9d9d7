using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Provides the approvals that wait for people, and records their decisions.</summary>
public sealed class ApprovalService
{
    /// <summary>Specifies the longest comment, in characters.</summary>
    public const int MaxComment = 4_000;

    private readonly ApprovalStore _store;
    private readonly ApprovalSituation _situation;
    private readonly IOrchestrationClient _orchestrations;
    private readonly ApprovalRecords _records;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal ApprovalService(
        ApprovalStore store, ApprovalSituation situation, ApprovalRecords records, IOrchestrationClient orchestrations,
        Redactor redactor,
        TimeProvider time) =>
        (_store, _situation, _records, _orchestrations, _redactor, _time) = (store, situation, records, orchestrations, redactor,
            time);

    /// <summary>
    /// Lists the approvals that wait for a person: the riskiest first, then similar ones together, then the oldest.
    /// </summary>
    /// <param name="caller">Only what this caller may decide or has asked for; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Approval>> ListAsync(Caller? caller = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Approval> open = await _store.ListOpenAsync(null, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = _time.GetUtcNow();
        Approval[] shown = [.. open.Where(approval => approval.State == ApprovalState.Pending && approval.ExpiresAt > now
            && (caller is null || MaySee(caller, approval)))];
        Dictionary<string, DateTimeOffset> oldest = shown.GroupBy(approval => approval.Group, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Min(approval => approval.CreatedAt), StringComparer.Ordinal);
        shown = await Task.WhenAll(shown.Select(approval => ShownAsync(approval, cancellationToken))).ConfigureAwait(false);
        return [.. shown.Select(approval => ApprovalView.Of(approval, _redactor)).OrderByDescending(approval => approval.Risk)
            .ThenBy(approval => oldest[approval.Group])
            .ThenBy(approval => approval.Group, StringComparer.Ordinal).ThenBy(approval => approval.CreatedAt)];
    }

    /// <summary>Lists the pending approvals of a run tree, the oldest first, with <see cref="Approval.Steerers"/>.</summary>
    /// <param name="rootId">The run at its root.</param>
    /// <param name="caller">Only what this caller may see; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Approval>> ListOfTreeAsync(string rootId, Caller? caller = null,
        CancellationToken cancellationToken = default)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Approval[] open = [.. (await _store.ListOpenOfTreeAsync(rootId, cancellationToken).ConfigureAwait(false))
            .Where(approval => approval.RootId == rootId && approval.State == ApprovalState.Pending && approval.ExpiresAt > now
                && (caller is null || MaySee(caller, approval)))
            .OrderBy(static approval => approval.CreatedAt)];
        open = await Task.WhenAll(open.Select(approval => _situation.WithSteerersAsync(approval, cancellationToken)))
            .ConfigureAwait(false);
        return [.. open.Select(approval => ApprovalView.Of(approval, _redactor))];
    }

    /// <summary>Gets an approval.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the host itself.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>: there is none that this caller may see.
    /// </exception>
    public async Task<Approval> GetAsync(string id, Caller? caller = null, CancellationToken cancellationToken = default) =>
        ApprovalView.Of(await ShownAsync(await FindAsync(id, caller, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false), _redactor);

    /// <summary>Applies an edit to the arguments of an approval, with nothing masked, for use in a decision.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">Who edits: somebody who may decide.</param>
    /// <param name="edits">What to change: a merge patch (RFC 7396).</param>
    /// <param name="callHash">The <see cref="Approval.CallHash"/> of what the caller was shown, if it is known.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>; <see cref="ErrorCode.NotAllowed"/>: this caller may not decide;
    /// <see cref="ErrorCode.InvalidInput"/>: the edit is no object; <see cref="ErrorCode.ApprovalStateForbids"/>: somebody else
    /// has changed the arguments, and there is no hash.
    /// </exception>
    public async Task<JsonElement> MergeAsync(string id, Caller caller, JsonElement edits, string? callHash = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (edits.ValueKind != JsonValueKind.Object)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "edits: send a JSON object: the members to change, with null for those to remove.");
        }

        Approval approval = await _situation.WithSteerersAsync(
            await FindAsync(id, caller, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        ApprovalDecision.EnsureRight(caller, approval);
        ApprovalDecision.EnsureKnown(approval, caller, callHash);
        return MergePatch.Apply(approval.Edited ?? approval.Arguments, edits);
    }

    /// <summary>With what people are told beside it: why the call cannot be made, and who has steered the run.</summary>
    private async Task<Approval> ShownAsync(Approval approval, CancellationToken cancellationToken) =>
        await _situation.WithSteerersAsync(
        await _situation.WithObstacleAsync(approval, cancellationToken).ConfigureAwait(false), cancellationToken)
        .ConfigureAwait(false);

    /// <summary>Gets an approval with nothing masked in its arguments. Who looked is in the audit log.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">Who asks: somebody who may decide.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>; <see cref="ErrorCode.NotAllowed"/>: this caller may not decide;
    /// <see cref="ErrorCode.ApprovalStateForbids"/>: nobody decides about it any more.
    /// </exception>
    public async Task<Approval> RevealAsync(string id, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Approval approval = await _situation.WithSteerersAsync(await FindAsync(id, caller, cancellationToken)
            .ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        ApprovalDecision.EnsureRight(caller, approval);
        if (approval.State != ApprovalState.Pending || approval.ExpiresAt <= _time.GetUtcNow() || approval.IsAltered)
        {
            string state = approval.IsAltered ? "altered" : approval.State == ApprovalState.Pending
                ? "expired"
                : approval.State.ToString().ToLowerInvariant();
            throw new AgentException(
                ErrorCode.ApprovalStateForbids,
                $"Approval '{id}' is {state}: its masked parts are shown only while it waits for a decision.");
        }

        Approval view = ApprovalView.Of(approval, _redactor);
        await _records.RevealedAsync(approval, view.Masked, caller.Id, cancellationToken).ConfigureAwait(false);
        return view with { Arguments = approval.Arguments, Edited = approval.Edited };
    }

    /// <summary>Approves or denies a call without a word on what the caller was shown. Safe to repeat.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="approve">Whether the call may be made.</param>
    /// <param name="comment">Why; the model reads it. At most <see cref="MaxComment"/> characters.</param>
    /// <param name="arguments">Arguments to call with instead of the model's: a JSON object.</param>
    /// <param name="cancellationToken">The token to cancel it, until the decision is recorded.</param>
    /// <exception cref="AgentException">
    /// As of the other one; a yes to arguments that somebody else has changed is refused, unless they are sent along.
    /// </exception>
    public Task<Approval> DecideAsync(string id, Caller caller, bool approve, string? comment, JsonElement? arguments,
        CancellationToken cancellationToken) =>
        DecideAsync(id, caller, approve, comment, arguments, null, cancellationToken);

    /// <summary>Approves or denies a call. Safe to repeat.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="approve">Whether the call may be made.</param>
    /// <param name="comment">Why; the model reads it. At most <see cref="MaxComment"/> characters.</param>
    /// <param name="arguments">
    /// Arguments to call with instead of the model's: a JSON object. Others who approved must do so again.
    /// </param>
    /// <param name="callHash">
    /// The <see cref="Approval.CallHash"/> of what the caller was shown. Without it, a yes to arguments that somebody else has
    /// changed is refused, unless they are sent along.
    /// </param>
    /// <param name="cancellationToken">The token to cancel it, until the decision is recorded.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ApprovalNotFound"/>, <see cref="ErrorCode.InvalidInput"/>;
    /// <see cref="ErrorCode.NotAllowed"/>: this caller may not decide; <see cref="ErrorCode.ApprovalStateForbids"/>: it is
    /// decided, or for another call than the one shown, or the call can no longer be made: then the approval is closed, and the
    /// run goes on without the call.
    /// </exception>
    public async Task<Approval> DecideAsync(
        string id, Caller caller, bool approve, string? comment = null, JsonElement? arguments = null, string? callHash = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        CheckInput(approve, comment, arguments);
        Approval found = await FindAsync(id, caller, cancellationToken).ConfigureAwait(false);
        Approval led = await _situation.WithSteerersAsync(found, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string>? steerers = led.Steerers;
        if (approve && found.State == ApprovalState.Pending && found.ExpiresAt > _time.GetUtcNow())
        {
            ApprovalDecision.EnsureRight(caller, led);
            await RefuseImpossibleAsync(arguments is null ? found : found with { Edited = arguments }, cancellationToken)
                .ConfigureAwait(false);
        }

        var vote = new ApprovalVote(caller.Id, approve, _redactor.Redact(comment), _time.GetUtcNow());
        // A decision that a killed host left unwritten is written first: this one may take its place.
        await _records.DecidedAsync(found, CancellationToken.None).ConfigureAwait(false);
        VoteTrace trace = await _records.TraceAsync(found, caller.Door, cancellationToken).ConfigureAwait(false);
        var decision = new ApprovalDecision(caller, vote, trace, arguments, callHash);
        // From here on it is not the caller's to stop: a decision that nobody wrote down, or that the run does not hear of, is none.
        Approval approval = await _store.ChangeAsync(
            id, before => decision.CountIn(before, steerers), CancellationToken.None).ConfigureAwait(false);
        await _records.DecidedAsync(approval, CancellationToken.None).ConfigureAwait(false);
        if (approval.State != ApprovalState.Pending)
        {
            await WakeAsync(approval, CancellationToken.None).ConfigureAwait(false);
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
            throw new AgentException(ErrorCode.InvalidInput,
                "arguments: send a JSON object, and only with the decision approve.");
        }
    }

    /// <summary>Finds what waits that is like an approval, as far as a person could see it when it looked at that one.</summary>
    /// <param name="like">The approval that was decided.</param>
    /// <param name="seen">
    /// The approvals that the person was shown; <see langword="null"/> for those asked no later than that one.
    /// </param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Approval>> ListSimilarAsync(
        Approval like, IReadOnlyCollection<string>? seen, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(like);
        ArgumentNullException.ThrowIfNull(caller);
        return [.. (await ListAsync(caller, cancellationToken)
            .ConfigureAwait(false)).Where(other => other.Group == like.Group && other.Id != like.Id
            && (seen is null ? other.CreatedAt <= like.CreatedAt : seen.Contains(other.Id)))];
    }

    /// <summary>Whoever sees that a run waits for a person sees for what; who decides is another matter.</summary>
    internal static bool MaySee(Caller caller, Approval approval) =>
        approval.Requester == caller.Id || caller.Has(CallerRoles.Admin) || caller.Has(CallerRoles.Auditor)
            || caller.Has(CallerRoles.Operator)
        || caller.Has(CallerRoles.Viewer) || approval.Roles.Any(caller.Has);

    private async Task RefuseImpossibleAsync(Approval asked, CancellationToken cancellationToken)
    {
        if ((await _situation.WithObstacleAsync(asked, cancellationToken).ConfigureAwait(false)).Obstacle is not { } obstacle)
        {
            return;
        }

        // An edit that does not fit is the person's to mend; the model's own call is not.
        if (asked.Edited is not null)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"arguments: the call cannot be made with these: {obstacle}");
        }

        Approval closed = await _store.ChangeAsync(
            asked.Id,
            before => before.State == ApprovalState.Pending
                ? before with { State = ApprovalState.Withdrawn, Obstacle = obstacle }
                : before,
            CancellationToken.None).ConfigureAwait(false);
        await WakeAsync(closed, CancellationToken.None).ConfigureAwait(false);
        throw new AgentException(
            ErrorCode.ApprovalStateForbids,
            $"Approval '{asked.Id}' is closed, since its call can no longer be made: {obstacle} The run goes on without the call.");
    }

    private async Task<Approval> FindAsync(string id, Caller? caller, CancellationToken cancellationToken) =>
        await _store.FindAsync(id, cancellationToken).ConfigureAwait(false) is var (approval, _)
            && (caller is null || MaySee(caller, approval))
            ? approval
            : throw new AgentException(ErrorCode.ApprovalNotFound, $"There is no approval '{id}'.");

    private async Task WakeAsync(Approval approval, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.RaiseEventAsync(approval.RunId, approval.EventName, approval.State.ToString(),
                cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            await _store.SettleAsync(approval, cancellationToken).ConfigureAwait(false);
        }
    }
}
