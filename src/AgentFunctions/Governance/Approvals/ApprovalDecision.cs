using System.Collections.Immutable;
using System.Text.Json;

namespace AgentFunctions.Governance.Approvals;

/// <summary>What a person says about an approval.</summary>
/// <param name="Caller">The person.</param>
/// <param name="Vote">The vote.</param>
/// <param name="Trace">Where it can be written down.</param>
/// <param name="Arguments">Arguments to call with instead; <see langword="null"/> for those that the approval has.</param>
/// <param name="CallHash">The hash of the call that the person was shown; <see langword="null"/> if nobody knows.</param>
internal sealed record ApprovalDecision(
    Caller Caller, ApprovalVote Vote, VoteTrace Trace, JsonElement? Arguments, string? CallHash)
{
    /// <summary>Adds the vote, unless the approval is decided or the vote is there.</summary>
    /// <param name="stored">The approval as it is stored.</param>
    /// <param name="steerers">Who has steered the run's tree besides the requester.</param>
    /// <returns>The approval with the vote; the same one if the vote is there.</returns>
    /// <exception cref="AgentException">The person may not decide, or not about this any more.</exception>
    public Approval CountIn(Approval stored, IReadOnlyList<string>? steerers)
    {
        bool isSame = Arguments is { } sent && stored.Edited is { } known && JsonElement.DeepEquals(known, sent);
        if (stored.Votes.LastOrDefault(past => past.By == Caller.Id) is { } past && past.Approves == Vote.Approves
            && (Arguments is null || isSame))
        {
            return stored;
        }

        // A denial that comes before the call is begun counts, also after enough people have approved.
        bool isOpen = stored.State == ApprovalState.Pending ? stored.ExpiresAt > Vote.At
            : stored is { State: ApprovalState.Approved, TakenAt: null } && !Vote.Approves;
        if (!isOpen)
        {
            ApprovalState state = stored.State == ApprovalState.Pending ? ApprovalState.Expired : stored.State;
            throw new AgentException(ErrorCode.ApprovalStateForbids,
                $"Approval '{stored.Id}' is {state.ToString().ToLowerInvariant()} already.");
        }

        Approval before = stored with { Steerers = steerers };
        EnsureRight(Caller, before);
        // A no to what was asked is one to what somebody has made of it as well.
        if (CallHash is { } shown && shown != ApprovalView.HashOf(stored) && (Vote.Approves || shown != stored.CallHash))
        {
            throw new AgentException(ErrorCode.ApprovalStateForbids,
                $"callHash: approval '{stored.Id}' is not for the call that was shown. Get the approval again.");
        }

        if (Vote.Approves && Arguments is null)
        {
            EnsureKnown(stored, Caller, CallHash);
        }

        Approval after = Arguments is null || isSame ? before : before with
        {
            Edited = Arguments,
            Votes = [.. before.Votes.Where(static earlier => !earlier.Approves)],
        };
        IReadOnlyList<ApprovalVote> votes = [.. after.Votes.Where(earlier => earlier.By != Caller.Id), Vote];
        after = after with
        {
            Votes = votes,
            Traces = (after.Traces ?? ImmutableDictionary<string, VoteTrace>.Empty).SetItem(Caller.Id, Trace),
        };
        return after with
        {
            State = !Vote.Approves ? ApprovalState.Denied
                : after.Approvers(before.Terms.NotRequester) >= before.Terms.Count
                    ? ApprovalState.Approved
                    : ApprovalState.Pending,
        };
    }

    /// <summary>Ensures that a caller may decide.</summary>
    public static void EnsureRight(Caller caller, Approval approval)
    {
        if (approval.WhyNot(caller) is { } why)
        {
            throw new AgentException(ErrorCode.NotAllowed, why);
        }
    }

    /// <summary>
    /// Ensures that somebody who does not say what it was shown cannot have been shown other arguments than the present ones.
    /// </summary>
    public static void EnsureKnown(Approval approval, Caller caller, string? callHash)
    {
        // A yes is dropped with each change, so whoever has one knows the present arguments.
        if (callHash is null && approval.Edited is not null
            && !approval.Votes.Any(vote => vote.Approves && vote.By == caller.Id))
        {
            string who = approval.Votes.Count > 0 ? approval.Votes[0].By : "somebody";
            throw new AgentException(
                ErrorCode.ApprovalStateForbids,
                $"The arguments of approval '{approval.Id}' were changed by {who}. "
                + "Get the approval again, and send its callHash or the same arguments.");
        }
    }
}

/// <summary>
/// Represents where the log and the journal can tell of a vote, which a host may store and be killed before it writes it down.
/// </summary>
/// <param name="AuditFrom">The place in the run's part of the audit log before which it cannot stand.</param>
/// <param name="JournalFrom">The place in the run's journal before which it cannot stand.</param>
/// <param name="Door">The protocol that it came by; <see langword="null"/> for none.</param>
/// <param name="DoorRequest">The name that the protocol has for the request.</param>
internal sealed record VoteTrace(long AuditFrom, long JournalFrom, string? Door, string? DoorRequest);
