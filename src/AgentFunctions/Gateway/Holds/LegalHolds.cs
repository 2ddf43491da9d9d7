using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Holds;

/// <summary>Sets and lifts legal holds. Who lifts one is another person than who set it, and both are in the audit log.</summary>
/// <remarks>What is in the audit log is carried through, though its caller leaves.</remarks>
public sealed class LegalHolds
{
    private const int MaxName = 64;
    private const int MaxReason = 1_000;

    private readonly HoldStore _store;
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;

    internal LegalHolds(HoldStore store, AuditLog audit, TimeProvider time) => (_store, _audit, _time) = (store, audit, time);

    /// <summary>Lists all holds.</summary>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public Task<IReadOnlyList<Hold>> ListAsync(CancellationToken cancellationToken = default) =>
        _store.ListAsync(cancellationToken);

    /// <summary>Sets a hold. Repeated with the same content it is carried out once.</summary>
    /// <param name="hold">What is kept and why.</param>
    /// <param name="caller">Who sets it.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The hold may have been set.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a field is wrong. <see cref="ErrorCode.NotAllowed"/>: the caller may not.
    /// <see cref="ErrorCode.EtagConflict"/>: there is another hold of that name.
    /// </exception>
    public async Task<Hold> SetAsync(Hold hold, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hold);
        Ensure(caller);
        DateTimeOffset now = _time.GetUtcNow();
        Check(hold, now);
        hold = hold with { By = caller.Id, At = now };
        if (await _store.FindAsync(hold.Name, cancellationToken).ConfigureAwait(false) is var (known, _))
        {
            return known with { At = now } == hold ? known : throw new AgentException(
                ErrorCode.EtagConflict,
                $"There is a hold '{hold.Name}' already, set by {known.By}. Use another name, or have it lifted first.");
        }

        cancellationToken = CancellationToken.None;
        await _audit.AppendAsync(new AuditEntry(AuditTypes.HoldSet)
        {
            Actor = caller.Id,
            Rule = hold.Name,
            Reason = WordsOf(hold)
        }, cancellationToken)
            .ConfigureAwait(false);
        await _store.AddAsync(hold, cancellationToken).ConfigureAwait(false);
        return hold;
    }

    /// <summary>Lifts a hold.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="caller">Who lifts it: another person than who set it.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The hold may have been lifted.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.HoldNotFound"/>. <see cref="ErrorCode.NotAllowed"/>: the caller may not, or has set it.
    /// </exception>
    public async Task<Hold> LiftAsync(string name, Caller caller, CancellationToken cancellationToken = default)
    {
        Ensure(caller);
        if (!IsName(name) || await _store.FindAsync(name, cancellationToken).ConfigureAwait(false) is not var (hold, etag))
        {
            throw new AgentException(ErrorCode.HoldNotFound, $"There is no hold '{name}'.");
        }

        if (hold.By == caller.Id)
        {
            throw new AgentException(ErrorCode.NotAllowed, $"Hold '{name}' was set by you. Another auditor or admin lifts it.");
        }

        cancellationToken = CancellationToken.None;
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.HoldLifted)
            {
                Actor = caller.Id,
                Rule = name,
                Reason = $"set by {hold.By}; {WordsOf(hold)}"
            }, cancellationToken)
            .ConfigureAwait(false);
        await _store.RemoveAsync(name, etag, cancellationToken).ConfigureAwait(false);
        return hold;
    }

    private static void Ensure(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (!caller.Has(CallerRoles.Auditor) && !caller.Has(CallerRoles.Admin))
        {
            throw new AgentException(ErrorCode.NotAllowed,
                $"Rule 'roles': this takes the role {CallerRoles.Auditor} or {CallerRoles.Admin}.");
        }
    }

    private static void Check(Hold hold, DateTimeOffset now)
    {
        string? fault = hold switch
        {
            _ when !IsName(hold.Name) => $"name: use 1 to {MaxName} letters, digits, '.', '_' and '-'.",
            { Run: null, Label: null, Agent: null, Requester: null } => "run: name a run, a label, an agent or a requester.",
            { Run: { } run } when !RunId.IsValid(run) => "run: this is not the id of a run.",
            { Label: "" } or { Agent: "" } or { Requester: "" } => "label, agent, requester: leave out what is empty.",
            _ when string.IsNullOrWhiteSpace(hold.Reason) || hold.Reason.Length > MaxReason =>
                $"reason: say why, in 1 to {MaxReason} characters.",
            { Until: { } until } when until <= now => "until: this has passed; use a later time, or leave it out.",
            _ => null,
        };
        if (fault is not null)
        {
            throw new AgentException(ErrorCode.InvalidInput, fault);
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name is not ("." or "..")
            && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static string WordsOf(Hold hold)
    {
        string[] parts =
        [
            .. new[] { ("run", hold.Run), ("label", hold.Label), ("agent", hold.Agent), ("requester", hold.Requester) }
                .Where(static part => part.Item2 is not null).Select(static part => $"{part.Item1} '{part.Item2}'"),
        ];
        return $"{string.Join(", ", parts)}{(hold.Until is { } until ? $" until {until.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "")}: {hold.Reason}";
    }
}
