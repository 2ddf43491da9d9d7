using System.Text.Json.Nodes;

namespace AgentFunctions.Mcp;

/// <summary>How long a server's list of tools counts as fresh: what the server says with it, else five minutes.</summary>
internal sealed class McpListLifetime
{
    /// <summary>
    /// A list of which the server says nothing is asked for again after this time: a server behind HTTP may be replaced without a
    /// word.
    /// </summary>
    public static readonly TimeSpan Unsaid = TimeSpan.FromMinutes(5);

    /// <summary>The calls that come at once share a list, even of a server that calls it stale at once.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private TimeSpan? _said;

    /// <summary>A list is asked for anew: what was said of the one before no longer counts.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _said = null;
        }
    }

    /// <summary>
    /// Takes an answer; one that is no part of a list of tools is left. Of several parts the one that is stale first counts.
    /// </summary>
    /// <param name="answer">The answer.</param>
    public void Take(JsonObject answer)
    {
        if (answer["tools"] is not JsonArray || answer["ttlMs"] is not JsonValue value || !value.TryGetValue(out double ms)
            || double.IsNaN(ms))
        {
            return;
        }

        var said = TimeSpan.FromMilliseconds(Math.Clamp(ms, Shortest.TotalMilliseconds, Longest.TotalMilliseconds));
        lock (_gate)
        {
            _said = _said is { } before && before < said ? before : said;
        }
    }

    /// <summary>Gets for how long the last list is fresh.</summary>
    public TimeSpan Value
    {
        get
        {
            lock (_gate)
            {
                return _said ?? Unsaid;
            }
        }
    }
}
