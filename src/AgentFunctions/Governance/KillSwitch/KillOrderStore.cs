using System.Text;
using System.Text.Json;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.KillSwitch;

/// <summary>The orders of the kill switch that hold now.</summary>
internal sealed class KillOrderStore(IRecordStore records, TreeKeys keys, TimeProvider time)
{
    private const string Prefix = "kill/";

    /// <summary>How long another host's order may go unseen.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly SealedRecords _sealed = new(records, RecordSeal.Of(keys, "kill-orders"), Prefix);
    private readonly Lock _gate = new();
    private Snapshot? _orders;
    private int _version;

    /// <summary>Keeps an order.</summary>
    /// <param name="order">The order.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The order may be kept.</param>
    public async Task AddAsync(KillOrder order, CancellationToken cancellationToken)
    {
        try
        {
            await _sealed.PutAsync(
                KeyOf(order.Scope, order.Name),
                JsonSerializer.SerializeToUtf8Bytes(order, KillSwitchJsonContext.Default.KillOrder), default, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            Changed();
        }
    }

    /// <summary>Removes an order.</summary>
    /// <param name="scope">What kind of thing it stops.</param>
    /// <param name="name">Which one.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task RemoveAsync(KillScope scope, string name, CancellationToken cancellationToken)
    {
        try
        {
            await records.DeleteAsync(KeyOf(scope, name), default, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Changed();
        }
    }

    /// <summary>Gets the orders.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<KillOrder>> ListAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int version;
            lock (_gate)
            {
                if (_orders is { } known && time.GetElapsedTime(known.ReadAt) < MaxAge)
                {
                    return known.Orders;
                }

                version = _version;
            }

            var orders = new List<KillOrder>();
            await foreach ((StoredRecord record, bool isTrue) in _sealed.ListAsync(cancellationToken).ConfigureAwait(false))
            {
                orders.Add(Read(record, isTrue));
            }

            lock (_gate)
            {
                // A list that began before an order of this host was given may lack it, and whoever gave it counts on it by now.
                if (version == _version)
                {
                    _orders = new Snapshot(orders, time.GetTimestamp());
                    return orders;
                }
            }
        }
    }

    /// <summary>Gets the order that keeps a run, or a tool of its, from going on; <see langword="null"/> if none does.</summary>
    /// <param name="run">The run.</param>
    /// <param name="tree">The ids of the run and of those above it.</param>
    /// <param name="tool">The tool; <see langword="null"/> if only the run is meant.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<KillOrder?> FindAsync(RunRecord run, IReadOnlyList<string> tree, string? tool,
        CancellationToken cancellationToken)
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

    private void Changed()
    {
        lock (_gate)
        {
            _version++;
            _orders = null;
        }
    }

    // An order that cannot be read, or that somebody has altered, may have stopped anything: nothing goes on over it.
    private static KillOrder Read(StoredRecord record, bool isTrue)
    {
        if (!isTrue)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The kill order '{record.Key}' does not bear the seal of this host: it was altered or planted, so nothing is run. Restore the data, or remove the record and give the order again if it is meant.");
        }

        try
        {
            return JsonSerializer.Deserialize(record.Value.Span, KillSwitchJsonContext.Default.KillOrder)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The kill order '{record.Key}' cannot be read, so nothing is run: {e.Message} Restore the data, or remove the record.", e);
        }
    }

    private static string KeyOf(KillScope scope, string name) =>
        $"{Prefix}{scope}/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";

    private sealed record Snapshot(IReadOnlyList<KillOrder> Orders, long ReadAt);
}
