using System.Collections;

namespace AgentFunctions.Records;

/// <summary>
/// A list that never changes and shares its memory with the longer lists that are made of it: a conversation of thousands of
/// messages is not copied for each one that is added. Safe for concurrent use.
/// </summary>
internal sealed class GrowingList<T> : IReadOnlyList<T>
{
    private const int LeastRoom = 8;

    private readonly Room _room;

    private GrowingList(Room room, int count) => (_room, Count) = (room, count);

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _room.Items[index];
        }
    }

    /// <summary>Gets a list with more behind it.</summary>
    /// <param name="list">The list; it stays as it is.</param>
    /// <param name="added">What stands behind it.</param>
    public static GrowingList<T> Append(IReadOnlyList<T> list, T[] added)
    {
        int count = list.Count + added.Length;
        if (list is GrowingList<T> growing && growing._room.TryAppend(growing.Count, added))
        {
            return new GrowingList<T>(growing._room, count);
        }

        // No room, or a list that was made of the same one has taken it.
        var items = new T[Math.Max(LeastRoom, count + (count / 2))];
        for (int i = 0; i < list.Count; i++)
        {
            items[i] = list[i];
        }

        added.CopyTo(items, list.Count);
        return new GrowingList<T>(new Room(items, count), count);
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return _room.Items[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Memory of several lists, each of which is its beginning.</summary>
    private sealed class Room(T[] items, int used)
    {
        private readonly Lock _gate = new();
        private int _used = used;

        public T[] Items => items;

        public bool TryAppend(int at, T[] added)
        {
            lock (_gate)
            {
                if (at != _used || added.Length > items.Length - at)
                {
                    return false;
                }

                added.CopyTo(items, at);
                _used += added.Length;
                return true;
            }
        }
    }
}
