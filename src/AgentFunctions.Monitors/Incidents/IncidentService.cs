using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Provides incidents to people and programs, and changes them on a person's behalf.</summary>
public sealed class IncidentService
{
    private readonly IncidentStore _incidents;
    private readonly IncidentWriter _desk;
    private readonly IncidentNotices _notifications;
    private readonly AuditLog _audit;

    internal IncidentService(IncidentStore incidents, IncidentWriter desk, IncidentNotices notifications, AuditLog audit) =>
        (_incidents, _desk, _notifications, _audit) = (incidents, desk, notifications, audit);

    /// <summary>Gets an incident.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.IncidentNotFound"/>.</exception>
    public Task<Incident> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _incidents.GetAsync(id, cancellationToken);

    /// <summary>Lists the incidents that match: open ones first, then the newest.</summary>
    /// <param name="monitor">Only those of this monitor.</param>
    /// <param name="state">Only those in this state.</param>
    /// <param name="count">The most incidents.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Incident>> ListAsync(
        string? monitor = null, IncidentState? state = null, int count = 100, CancellationToken cancellationToken = default)
    {
        var found = new List<Incident>();
        await foreach (Incident incident in _incidents.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if ((monitor is null || incident.Monitor == monitor) && (state is null || incident.State == state))
            {
                found.Add(incident);
            }
        }

        return
        [
            .. found.OrderByDescending(incident => incident.IsOpen)
                .ThenBy(incident => incident.IsOpen ? incident.Priority : 0)
                .ThenByDescending(incident => incident.OpenedAt)
                .Take(count),
        ];
    }

    /// <summary>Acknowledges an incident, which ends its escalation.</summary>
    /// <param name="id">The incident.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="comment">A remark for the timeline; at most 1,000 characters.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.IncidentNotFound"/> or <see cref="ErrorCode.IncidentStateForbids"/>.
    /// </exception>
    public Task<Incident> AcknowledgeAsync(
        string id, string requester = "local", string? comment = null, CancellationToken cancellationToken = default) =>
        SetAsync(id, IncidentState.Acknowledged, requester, comment, cancellationToken);

    /// <summary>Ends an incident. Where its signals are still in breach, the next tick opens it again.</summary>
    /// <param name="id">The incident.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="comment">A remark for the timeline; at most 1,000 characters.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.IncidentNotFound"/> or <see cref="ErrorCode.IncidentStateForbids"/>.
    /// </exception>
    public Task<Incident> ResolveAsync(
        string id, string requester = "local", string? comment = null, CancellationToken cancellationToken = default) =>
        SetAsync(id, IncidentState.Resolved, requester, comment, cancellationToken);

    /// <summary>Lists the notifications that could not be delivered.</summary>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(CancellationToken cancellationToken = default) =>
        _notifications.ListDeadLettersAsync(cancellationToken);

    private async Task<Incident> SetAsync(
        string id, IncidentState state, string requester, string? comment, CancellationToken cancellationToken)
    {
        if (comment is { Length: > 1000 })
        {
            throw new AgentException(ErrorCode.InvalidInput, "comment: use at most 1,000 characters.");
        }

        await _incidents.GetAsync(id, cancellationToken).ConfigureAwait(false);
        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        string what = $"{(state == IncidentState.Resolved ? "ended" : "took up")} incident '{id}'";
        await _audit.AppendAsync(new AuditEntry(AuditTypes.IncidentCommanded) { Actor = requester, Reason = what },
            cancellationToken).ConfigureAwait(false);
        return await _desk.SetAsync(id, state, requester, comment, cancellationToken).ConfigureAwait(false);
    }
}
