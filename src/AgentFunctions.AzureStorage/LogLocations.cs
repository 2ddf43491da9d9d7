using System.Collections.Concurrent;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Places of streams that this host has been at lately: what makes the next append or read one request. Never trusted: a
/// write is conditional and a read checks what it finds.
/// </summary>
internal sealed class LogLocations(TimeProvider time)
{
    private const int MaxStreams = 4_096;
    private const int MaxPlaces = 64;

    /// <summary>
    /// How long the beginning of a stream that was empty counts: a stream that is there may have been trimmed there since.
    /// </summary>
    private static readonly TimeSpan EmptyCounts = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Places> _streams = new(StringComparer.Ordinal);

    /// <summary>The furthest place that is known.</summary>
    public LogLocation? Last(string stream) => AtOrBefore(stream, long.MaxValue);

    /// <summary>The furthest known place that is not after a position.</summary>
    public LogLocation? AtOrBefore(string stream, long position)
    {
        if (!_streams.TryGetValue(stream, out Places? known))
        {
            return null;
        }

        SortedList<long, LogLocation> places = known.All;
        lock (places)
        {
            for (int i = places.Count - 1; i >= 0; i--)
            {
                if (places.GetKeyAtIndex(i) <= position)
                {
                    LogLocation place = places.GetValueAtIndex(i);
                    return place == LogLocation.Beginning && time.GetElapsedTime(known.SeenEmpty) >= EmptyCounts ? null : place;
                }
            }
        }

        return null;
    }

    public void Remember(string stream, LogLocation place)
    {
        if (_streams.Count >= MaxStreams)
        {
            _streams.Clear();
        }

        Places known = _streams.GetOrAdd(stream, static _ => new Places());
        SortedList<long, LogLocation> places = known.All;
        lock (places)
        {
            if (place == LogLocation.Beginning)
            {
                known.SeenEmpty = time.GetTimestamp();
            }

            places[place.Position] = place;
            if (places.Count > MaxPlaces)
            {
                // Every other one: what is left is spread over the whole stream.
                for (int i = places.Count - 2; i >= 0; i -= 2)
                {
                    places.RemoveAt(i);
                }
            }
        }
    }

    public void Forget(string stream) => _streams.TryRemove(stream, out _);

    private sealed class Places
    {
        public SortedList<long, LogLocation> All { get; } = [];

        public long SeenEmpty { get; set; }
    }
}
