using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>Brings raised events and those who wait for them together.</summary>
/// <remarks>
/// As in durabletask-dotnet's <c>TaskOrchestrationContextWrapper</c>, letter case does not count, events keep their order,
/// and of several waiters the newest gets the next event: the others are mostly left over from a <c>WhenAny</c> in a loop.
/// Unlike there, a waiter that was cancelled takes no event.
/// </remarks>
/// <param name="turn">Where continuations run.</param>
internal sealed class ExternalEvents(TurnContext turn)
{
    private readonly Dictionary<string, LinkedList<Waiter>> _waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<EventRaised> _unclaimed = [];

    /// <summary>Gets whether anybody waits.</summary>
    public bool HasWaiters => _waiters.Count > 0;

    /// <summary>Whether anybody waits for an event of a name.</summary>
    /// <param name="name">The name.</param>
    public bool HasWaiter(string name) => _waiters.ContainsKey(name);

    /// <summary>Events that nobody has waited for, oldest first.</summary>
    public IReadOnlyList<EventRaised> Unclaimed => _unclaimed;

    public void Raise(EventRaised raised)
    {
        if (_waiters.TryGetValue(raised.Name, out LinkedList<Waiter>? waiters))
        {
            Waiter newest = waiters.Last!.Value;
            Remove(raised.Name, waiters, waiters.Last);
            newest.Deliver(raised.Payload);
        }
        else
        {
            _unclaimed.Add(raised);
        }
    }

    public Task<T> WaitAsync<T>(string name, CancellationToken cancellationToken)
    {
        int index = _unclaimed.FindIndex(raised => string.Equals(raised.Name, name, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            var claimed = new Waiter<T>();
            claimed.Deliver(_unclaimed[index].Payload);
            _unclaimed.RemoveAt(index);
            return claimed.Task;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        if (!_waiters.TryGetValue(name, out LinkedList<Waiter>? waiters))
        {
            _waiters.Add(name, waiters = new LinkedList<Waiter>());
        }

        var waiter = new Waiter<T>();
        LinkedListNode<Waiter> node = waiters.AddLast(waiter);
        if (cancellationToken.CanBeCanceled)
        {
            waiter.Registration = cancellationToken.Register(() => turn.CompleteCancelled(() =>
            {
                if (node.List is not null)
                {
                    Remove(name, waiters, node);
                    waiter.Cancel(cancellationToken);
                }
            }));
        }

        return waiter.Task;
    }

    private void Remove(string name, LinkedList<Waiter> waiters, LinkedListNode<Waiter> node)
    {
        waiters.Remove(node);
        if (waiters.Count == 0)
        {
            _waiters.Remove(name);
        }
    }

    private abstract class Waiter
    {
        public CancellationTokenRegistration Registration { get; set; }

        public abstract void Deliver(string? payload);
    }

    private sealed class Waiter<T> : Waiter
    {
        private readonly TaskCompletionSource<T> _completion = new();

        public Task<T> Task => _completion.Task;

        public override void Deliver(string? payload)
        {
            Registration.Unregister();
            try
            {
                _completion.SetResult(DurableJson.Deserialize<T>(payload)!);
            }
            catch (Exception error) when (error is JsonException or NotSupportedException)
            {
                _completion.TrySetException(error);
            }
        }

        public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
    }
}
