namespace AgentFunctions.Sqlite.Runtime;

/// <summary>Wakes those who wait for something of a name: the end of an instance, the growth of a stream.</summary>
internal sealed class Signals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (TaskCompletionSource Signal, int Count)> _waiters = new(StringComparer.Ordinal);

    /// <summary>Begins to wait. Look at the state afterwards: what happened before is not told.</summary>
    /// <param name="name">What to wait for.</param>
    public Task Listen(string name)
    {
        lock (_gate)
        {
            if (!_waiters.TryGetValue(name, out (TaskCompletionSource Signal, int Count) waiter))
            {
                waiter = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
            }

            _waiters[name] = (waiter.Signal, waiter.Count + 1);
            return waiter.Signal.Task;
        }
    }

    /// <summary>Ends a wait.</summary>
    /// <param name="name">What to wait for.</param>
    /// <param name="wait">What <see cref="Listen"/> returned.</param>
    public void Leave(string name, Task wait)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(name, out (TaskCompletionSource Signal, int Count) waiter) && waiter.Signal.Task == wait)
            {
                if (waiter.Count == 1)
                {
                    _waiters.Remove(name);
                }
                else
                {
                    _waiters[name] = (waiter.Signal, waiter.Count - 1);
                }
            }
        }
    }

    /// <summary>It has happened.</summary>
    /// <param name="name">What to wait for.</param>
    public void Raise(string name)
    {
        lock (_gate)
        {
            if (_waiters.Remove(name, out (TaskCompletionSource Signal, int Count) waiter))
            {
                waiter.Signal.TrySetResult();
            }
        }
    }

    /// <summary>Nobody will be told any more.</summary>
    /// <param name="error">The reason.</param>
    public void Abandon(AgentException error)
    {
        lock (_gate)
        {
            foreach ((TaskCompletionSource signal, int _) in _waiters.Values)
            {
                signal.TrySetException(error);
            }

            _waiters.Clear();
        }
    }
}
