using System.Collections.Concurrent;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>The instances that are in memory: those that have something to do, and the last few that had.</summary>
/// <param name="engine">The engine.</param>
internal sealed class InstanceCache(EngineCore engine)
{
    private readonly ConcurrentDictionary<long, Instance> _instances = new();
    private readonly Lock _gate = new();
    private readonly LinkedList<Instance> _idle = [];
    private long _idleBytes;

    /// <summary>Gets how many instances are in memory.</summary>
    public int Count => _instances.Count;

    /// <summary>Hands a message to an instance, which is read from the file where it is not in memory.</summary>
    /// <param name="seq">The instance.</param>
    /// <param name="message">The message.</param>
    public void Deliver(long seq, Message message)
    {
        var spin = default(SpinWait);
        while (!_instances.GetOrAdd(seq, static (key, owner) => new Instance(owner, key), engine).Post(message))
        {
            // It is leaving memory in this very moment: soon a look makes a new one.
            spin.SpinOnce();
        }
    }

    /// <summary>The instance, if it is in memory.</summary>
    /// <param name="seq">The instance.</param>
    public Instance? Find(long seq) => _instances.GetValueOrDefault(seq);

    /// <summary>An instance has left memory.</summary>
    /// <param name="instance">The instance.</param>
    public void Forget(Instance instance)
    {
        _instances.TryRemove(KeyValuePair.Create(instance.Seq, instance));
        lock (_gate)
        {
            Unlist(instance);
        }
    }

    /// <summary>An instance has nothing to do. Those that have had nothing to do for longest may have to go.</summary>
    /// <param name="instance">The instance.</param>
    public void BecameIdle(Instance instance)
    {
        List<Instance>? oldest = null;
        lock (_gate)
        {
            Unlist(instance);
            instance.IdleBytes = instance.HistoryBytes;
            _idleBytes += instance.IdleBytes;
            _idle.AddLast(instance.IdleNode);
            while (_idle.Count > engine.Options.MaxIdleInstances || (_idleBytes > engine.Options.MaxIdleBytes && _idle.Count > 0))
            {
                (oldest ??= []).Add(_idle.First!.Value);
                Unlist(_idle.First.Value);
            }
        }

        foreach (Instance one in oldest ?? [])
        {
            one.TryEvict();
        }
    }

    /// <summary>Lets every idle instance go.</summary>
    public void EvictIdle()
    {
        foreach (Instance instance in _instances.Values)
        {
            instance.TryEvict();
        }
    }

    /// <summary>Tells everybody who waits for a record that none will be made.</summary>
    /// <param name="error">The reason.</param>
    public void Abandon(AgentException error)
    {
        foreach (Instance instance in _instances.Values)
        {
            instance.Abandon(error);
        }
    }

    private void Unlist(Instance instance)
    {
        if (instance.IdleNode.List is not null)
        {
            _idle.Remove(instance.IdleNode);
            _idleBytes -= instance.IdleBytes;
        }
    }
}
