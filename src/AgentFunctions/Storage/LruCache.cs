using System.Diagnostics.CodeAnalysis;

namespace AgentFunctions.Storage;

/// <summary>A bounded cache that forgets what was used longest ago. Safe for concurrent use.</summary>
internal sealed class LruCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = new();

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(key, out LinkedListNode<(TKey, TValue Value)>? node))
            {
                value = default;
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Set(TKey key, TValue value)
    {
        lock (_gate)
        {
            RemoveCore(key);
            _nodes[key] = _order.AddFirst((key, value));
            if (_nodes.Count > capacity)
            {
                RemoveCore(_order.Last!.Value.Key);
            }
        }
    }

    public void Remove(TKey key)
    {
        lock (_gate)
        {
            RemoveCore(key);
        }
    }

    private void RemoveCore(TKey key)
    {
        if (_nodes.Remove(key, out LinkedListNode<(TKey Key, TValue Value)>? node))
        {
            _order.Remove(node);
        }
    }
}
