using System.Collections.Concurrent;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.KillSwitch;

/// <summary>The tool calls and model calls that are being made in this process, so that they can be stopped.</summary>
internal sealed class InFlightCalls
{
    private readonly ConcurrentDictionary<InFlightCall, bool> _calls = new();

    public InFlightCall Begin(RunRecord run, IReadOnlyList<string> tree, string tool, CancellationToken cancellationToken)
    {
        var call = new InFlightCall(this, run, tree, tool, cancellationToken);
        _calls.TryAdd(call, true);
        return call;
    }

    /// <summary>Gets whether any call is being made.</summary>
    public bool IsEmpty => _calls.IsEmpty;

    /// <summary>Stops the calls that an order hits.</summary>
    public void Stop(KillOrder order)
    {
        foreach (InFlightCall call in _calls.Keys)
        {
            if (order.Scope == KillScope.Tool ? call.Tool == order.Name : order.Hits(call.Run, call.Tree))
            {
                call.Stop(order);
            }
        }
    }

    internal void End(InFlightCall call) => _calls.TryRemove(call, out _);
}

/// <summary>A call that is being made; the tool is empty for a model call.</summary>
internal sealed class InFlightCall(
    InFlightCalls calls, RunRecord run, IReadOnlyList<string> tree, string tool,
    CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

    public RunRecord Run => run;

    public IReadOnlyList<string> Tree => tree;

    public string Tool => tool;

    public CancellationToken Token => _stop.Token;

    /// <summary>Gets or sets the order that stopped it.</summary>
    public KillOrder? StoppedBy { get; private set; }

    public void Stop(KillOrder order)
    {
        StoppedBy = order;
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
        catch (AggregateException)
        {
            // The call is told; what its own callbacks make of that keeps no other call from being stopped.
        }
    }

    public void Dispose()
    {
        calls.End(this);
        _stop.Dispose();
    }
}
