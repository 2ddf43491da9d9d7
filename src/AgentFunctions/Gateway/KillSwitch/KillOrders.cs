using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.KillSwitch;

/// <summary>
/// Represents the kill switch, which stops a run, an agent, a label, a tool or everything, durably, until it is released.
/// </summary>
public sealed class KillOrders
{
    private readonly KillOrderStore _orders;
    private readonly KillHits _hits;
    private readonly RunSteering _steering;
    private readonly AuditLog _audit;
    private readonly InFlightCalls _calls;
    private readonly TimeProvider _time;

    internal KillOrders(
        KillOrderStore orders, KillHits hits, RunSteering steering, AuditLog audit, InFlightCalls calls, TimeProvider time) =>
        (_orders, _hits, _steering, _audit, _calls, _time) = (orders, hits, steering, audit, calls, time);

    /// <summary>
    /// Stops something. From the return on nothing of it begins on this host, and within a second on any other.
    /// </summary>
    /// <param name="scope">What kind of thing.</param>
    /// <param name="name">Which one; empty for <see cref="KillScope.All"/>.</param>
    /// <param name="caller">Who stops it.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel it, until the order is given.</param>
    /// <returns>The runs that were told to end, and the calls with effects that had begun.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the name does not fit the scope.</exception>
    public async Task<KillReport> EngageAsync(
        KillScope scope, string name, Caller caller, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(scope, name);
        var order = new KillOrder(scope, name, caller.Id, reason, _time.GetUtcNow());
        cancellationToken.ThrowIfCancellationRequested();
        // From here on it is not the caller's to stop: an order that is given is carried out and written down.
        await _orders.AddAsync(order, CancellationToken.None).ConfigureAwait(false);
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.KillEngaged)
            {
                Actor = caller.Id,
                Reason = $"{order.Words}: {reason ?? "no reason given"}"
            }, CancellationToken.None)
            .ConfigureAwait(false);
        KillReport report = await StopRunsAsync(order, CancellationToken.None).ConfigureAwait(false);
        _calls.Stop(order);
        return report;
    }

    /// <summary>Previews what an order would stop. Nothing is stopped.</summary>
    /// <param name="scope">What kind of thing.</param>
    /// <param name="name">Which one; empty for <see cref="KillScope.All"/>.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>
    /// The runs that would be told to end, without their sub-agents, and the calls with effects that have begun.
    /// </returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the name does not fit the scope.</exception>
    public async Task<KillReport> PlanAsync(
        KillScope scope, string name, Caller caller, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(scope, name);
        var order = new KillOrder(scope, name, caller.Id, reason, _time.GetUtcNow());
        (IReadOnlyList<string> runs, IReadOnlyList<PendingEffect> begun) = await _hits.FindAsync(order, cancellationToken)
            .ConfigureAwait(false);
        return new KillReport(order, runs, begun);
    }

    /// <summary>Releases the kill switch: new runs and calls are possible again. Runs that it ended stay ended.</summary>
    /// <param name="scope">What kind of thing.</param>
    /// <param name="name">Which one; empty for <see cref="KillScope.All"/>.</param>
    /// <param name="caller">Who releases it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task ReleaseAsync(KillScope scope, string name, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(scope, name);
        cancellationToken.ThrowIfCancellationRequested();
        await _orders.RemoveAsync(scope, name, CancellationToken.None).ConfigureAwait(false);
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.KillReleased)
            {
                Actor = caller.Id,
                Reason = new KillOrder(scope, name, caller.Id, null, default).Words
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Lists what is stopped at present.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<KillOrder>> ListAsync(CancellationToken cancellationToken = default) =>
        _orders.ListAsync(cancellationToken);

    /// <summary>Ends what a crash, or a host of its own, kept an order from ending: for the start of a host.</summary>
    internal async Task EnforceAsync(CancellationToken cancellationToken)
    {
        foreach (KillOrder order in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            await StopRunsAsync(order, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<KillReport> StopRunsAsync(KillOrder order, CancellationToken cancellationToken)
    {
        (IReadOnlyList<string> runs, IReadOnlyList<PendingEffect> begun) = await _hits.FindAsync(order, cancellationToken)
            .ConfigureAwait(false);
        var ended = new List<string>();
        foreach (string runId in runs)
        {
            if (await CancelAsync(runId, order, cancellationToken).ConfigureAwait(false))
            {
                ended.Add(runId);
            }
        }

        return new KillReport(order, ended, begun);
    }

    private async Task<bool> CancelAsync(string runId, KillOrder order, CancellationToken cancellationToken)
    {
        try
        {
            await _steering.CancelAsync(runId, order.By, $"Stopped by {order.By} ({order.Words}): {order.Reason}",
                cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunStateForbids or ErrorCode.RunNotFound)
        {
            return false;
        }
    }

    private static void Check(KillScope scope, string name)
    {
        bool fits = scope switch
        {
            KillScope.All => name.Length == 0,
            KillScope.Run => RunId.IsValid(name),
            KillScope.Label => name.IndexOf('=', StringComparison.Ordinal) > 0 && name.Length <= 512,
            _ => name.Length is > 0 and <= 128,
        };
        if (!Enum.IsDefined(scope) || !fits)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "name: give the id of the run, the agent's or tool's name, or name=value for a label; nothing for all.");
        }
    }
}
