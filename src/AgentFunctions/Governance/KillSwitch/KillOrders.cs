using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.KillSwitch;

/// <summary>The kill switch: stops a run, an agent, a label, a tool or everything by one call, durably, until it is released.</summary>
public sealed class KillOrders
{
    private const string Prefix = "kill/";

    /// <summary>How long another host's order may go unseen.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private static readonly OrchestrationStatus[] Live = [OrchestrationStatus.Pending, OrchestrationStatus.Running, OrchestrationStatus.Suspended];

    private readonly IRecordStore _records;
    private readonly IOrchestrationClient _orchestrations;
    private readonly RunStore _runs;
    private readonly RunSteering _steering;
    private readonly Ledger _ledger;
    private readonly AuditLog _audit;
    private readonly InFlightCalls _calls;
    private readonly RunLineage _lineage;
    private readonly TimeProvider _time;
    private volatile Snapshot? _orders;

    internal KillOrders(
        IRecordStore records, IOrchestrationClient orchestrations, RunStore runs, RunSteering steering, Ledger ledger, AuditLog audit, InFlightCalls calls,
        RunLineage lineage, TimeProvider time) =>
        (_records, _orchestrations, _runs, _steering, _ledger, _audit, _calls, _lineage, _time) =
        (records, orchestrations, runs, steering, ledger, audit, calls, lineage, time);

    /// <summary>Stops something. From the return on nothing of it begins on this host, and within a second on any other.</summary>
    /// <param name="scope">What kind of thing.</param>
    /// <param name="name">Which one; empty for <see cref="KillScope.All"/>.</param>
    /// <param name="caller">Who stops it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Stops waiting; the order may have been given.</param>
    /// <returns>The runs that were told to end, and the calls with effects that had begun.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the name does not fit the scope.</exception>
    public async Task<KillReport> EngageAsync(
        KillScope scope, string name, Caller caller, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(scope, name);
        var order = new KillOrder(scope, name, caller.Id, reason, _time.GetUtcNow());
        await _records.PutAsync(
            KeyOf(scope, name), JsonSerializer.SerializeToUtf8Bytes(order, AgentJsonContext.Default.KillOrder), default, cancellationToken)
            .ConfigureAwait(false);
        _orders = null;
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.KillEngaged) { Actor = caller.Id, Reason = $"{order.Words}: {reason ?? "no reason given"}" }, cancellationToken)
            .ConfigureAwait(false);
        KillReport report = await StopRunsAsync(order, cancellationToken).ConfigureAwait(false);
        _calls.Stop(order);
        return report;
    }

    /// <summary>Lets something go on: new runs and calls are possible again. Runs that were ended stay ended.</summary>
    /// <param name="scope">What kind of thing.</param>
    /// <param name="name">Which one; empty for <see cref="KillScope.All"/>.</param>
    /// <param name="caller">Who releases it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task ReleaseAsync(KillScope scope, string name, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Check(scope, name);
        await _records.DeleteAsync(KeyOf(scope, name), default, cancellationToken).ConfigureAwait(false);
        _orders = null;
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.KillReleased) { Actor = caller.Id, Reason = new KillOrder(scope, name, caller.Id, null, default).Words },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is stopped now.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<KillOrder>> ListAsync(CancellationToken cancellationToken = default)
    {
        if (_orders is { } known && _time.GetElapsedTime(known.ReadAt) < MaxAge)
        {
            return known.Orders;
        }

        var orders = new List<KillOrder>();
        await foreach (StoredRecord record in _records.ListAsync(Prefix, null, cancellationToken).ConfigureAwait(false))
        {
            orders.Add(Read(record));
        }

        _orders = new Snapshot(orders, _time.GetTimestamp());
        return orders;
    }

    /// <summary>The order that keeps a run, or a tool of its, from going on; <see langword="null"/> where none does.</summary>
    internal async Task<KillOrder?> FindAsync(
        RunRecord run, IReadOnlyList<string> tree, string? tool, CancellationToken cancellationToken)
    {
        foreach (KillOrder order in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if ((order.Scope == KillScope.Tool && order.Name == tool) || order.Hits(run, tree))
            {
                return order;
            }
        }

        return null;
    }

    /// <summary>Ends what a crash, or a host of its own, kept an order from ending: for the start of a host.</summary>
    internal async Task EnforceAsync(CancellationToken cancellationToken)
    {
        foreach (KillOrder order in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            await StopRunsAsync(order, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What had begun is listed first, of sub-agents too: when a run ends, its calls are no longer in flight.</summary>
    private async Task<KillReport> StopRunsAsync(KillOrder order, CancellationToken cancellationToken)
    {
        var hit = new List<IReadOnlyList<string>>();
        var begun = new List<BegunEffect>();
        await foreach (RunRecord run in ListLiveAsync(cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<string> tree = await _lineage.TreeOfAsync(run, cancellationToken).ConfigureAwait(false);
            bool isHit = order.Hits(run, tree);
            if (isHit)
            {
                hit.Add(tree);
            }

            if (isHit || order.Scope == KillScope.Tool)
            {
                begun.AddRange(await _ledger.StartedAsync(run.Id, order.Scope == KillScope.Tool ? order.Name : null, cancellationToken).ConfigureAwait(false));
            }
        }

        // A run ends its own sub-agents.
        var all = hit.Select(static tree => tree[0]).ToHashSet(StringComparer.Ordinal);
        var ended = new List<string>();
        foreach (string runId in hit.Where(tree => !tree.Skip(1).Any(all.Contains)).Select(static tree => tree[0]))
        {
            if (await CancelAsync(runId, order, cancellationToken).ConfigureAwait(false))
            {
                ended.Add(runId);
            }
        }

        return new KillReport(order, ended, begun);
    }

    /// <summary>The runs that have not ended, sub-agents included: asked of the engine, since most runs of a host ended long ago.</summary>
    private async IAsyncEnumerable<RunRecord> ListLiveAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            Page<OrchestrationState> page = await _orchestrations.QueryAsync(
                new OrchestrationQuery { Statuses = Live, PageSize = 1_000, ContinuationToken = next }, cancellationToken).ConfigureAwait(false);
            foreach (OrchestrationState live in page.Items)
            {
                if (await _runs.FindAsync(live.InstanceId, cancellationToken).ConfigureAwait(false) is { } run)
                {
                    yield return run;
                }
            }

            next = page.ContinuationToken;
        }
        while (next is not null);
    }

    private async Task<bool> CancelAsync(string runId, KillOrder order, CancellationToken cancellationToken)
    {
        try
        {
            await _steering.CancelAsync(runId, order.By, $"Stopped by {order.By} ({order.Words}): {order.Reason}", cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunStateForbids or ErrorCode.RunNotFound)
        {
            return false;
        }
    }

    // An order that cannot be read may stop anything: nothing goes on over it.
    private static KillOrder Read(StoredRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.KillOrder) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable, $"The kill order '{record.Key}' cannot be read, so nothing is run: {e.Message} Restore the data, or remove the record.", e);
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
                ErrorCode.InvalidInput, "name: give the id of the run, the agent's or tool's name, or name=value for a label; nothing for all.");
        }
    }

    private static string KeyOf(KillScope scope, string name) =>
        $"{Prefix}{scope}/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";

    private sealed record Snapshot(IReadOnlyList<KillOrder> Orders, long ReadAt);
}

/// <summary>What the kill switch found and stopped.</summary>
/// <param name="Order">The order.</param>
/// <param name="Runs">The runs that were told to end.</param>
/// <param name="Begun">The calls with effects that had begun: they may have taken effect.</param>
public sealed record KillReport(KillOrder Order, IReadOnlyList<string> Runs, IReadOnlyList<BegunEffect> Begun);
