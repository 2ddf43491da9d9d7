using System.Collections.Concurrent;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Places of streams that this host has been at lately: what makes the next append or read one request. Never trusted: a
/// write is conditional and a read checks what it finds.
/// </summary>
internal sealed class LogLocations
{
    private const int MaxStreams = 4_096;
    private const int MaxPlaces = 64;

    private readonly ConcurrentDictionary<string, SortedList<long, LogLocation>> _streams = new(StringComparer.Ordinal);

    /// <summary>The furthest place that is known.</summary>
    public LogLocation? Last(string stream) => AtOrBefore(stream, long.MaxValue);

    /// <summary>The furthest known place that is not after a position.</summary>
    public LogLocation? AtOrBefore(string stream, long position)
    {
        if (!_streams.TryGetValue(stream, out SortedList<long, LogLocation>? places))
        {
            return null;
        }

        lock (places)
        {
            for (int i = places.Count - 1; i >= 0; i--)
            {
                if (places.GetKeyAtIndex(i) <= position)
                {
                    return places.GetValueAtIndex(i);
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

        SortedList<long, LogLocation> places = _streams.GetOrAdd(stream, static _ => []);
        lock (places)
        {
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
}
