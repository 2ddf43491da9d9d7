using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// What the runs of a tree have called: a log per tree, written before a call with effects begins and when any call ends. Where
/// a policy decides on it, a call with effects is decided and entered in one stroke: of two that would both pass a limit one
/// does.
/// </summary>
internal sealed class CallHistory(ILogStore logs)
{
    private const int CachedTrees = 512;

    private readonly LruCache<string, Tree> _trees = new(CachedTrees);

    /// <summary>Decides over the recorded history; enters the call where the decision says so.</summary>
    /// <param name="rootId">The tree.</param>
    /// <param name="decide">Decides; may be asked again where another host has written meanwhile.</param>
    /// <param name="enter">The entry to make with the decision; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<T> DecideAsync<T>(
        string rootId, Func<IReadOnlyList<PastCall>, T> decide, Func<T, PastCall?> enter, CancellationToken cancellationToken)
    {
        Tree tree = TreeOf(rootId);
        await tree.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                await RefreshAsync(rootId, tree, cancellationToken).ConfigureAwait(false);
                T decision = decide(tree.Calls);
                if (enter(decision) is not { } call)
                {
                    return decision;
                }

                try
                {
                    await AppendAsync(rootId, call, tree.End, cancellationToken).ConfigureAwait(false);
                    return decision;
                }
                catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
                {
                    // Another call of the tree was entered: decide again with it in view.
                }
            }
        }
        finally
        {
            tree.Gate.Release();
        }
    }

    /// <summary>Enters a call, or what has become of it.</summary>
    public Task EnterAsync(string rootId, PastCall call, CancellationToken cancellationToken) =>
        AppendAsync(rootId, call, null, cancellationToken);

    private static string StreamOf(string rootId) => $"history/{rootId}";

    private Tree TreeOf(string rootId)
    {
        lock (_trees)
        {
            if (!_trees.TryGet(rootId, out Tree? tree))
            {
                _trees.Set(rootId, tree = new Tree());
            }

            return tree;
        }
    }

    private async Task RefreshAsync(string rootId, Tree tree, CancellationToken cancellationToken)
    {
        await foreach (LogEntry entry in logs.ReadAsync(StreamOf(rootId), tree.End, null, cancellationToken)
            .ConfigureAwait(false))
        {
            tree.Add(JsonSerializer.Deserialize(entry.Data.Span, PoliciesJsonContext.Default.PastCall)!);
            tree.End = entry.Position + 1;
        }
    }

    private Task AppendAsync(string rootId, PastCall call, long? expected, CancellationToken cancellationToken) =>
        logs.AppendAsync(
        StreamOf(rootId), [JsonSerializer.SerializeToUtf8Bytes(call, PoliciesJsonContext.Default.PastCall)], expected,
        cancellationToken);

    /// <summary>The calls of one tree, each once: what was entered later about a call replaces what was entered before.</summary>
    private sealed class Tree
    {
        private readonly Dictionary<(string, int, int), int> _places = [];

        public SemaphoreSlim Gate { get; } = new(1);

        public List<PastCall> Calls { get; } = [];

        public long End { get; set; }

        public void Add(PastCall call)
        {
            if (_places.TryAdd((call.RunId, call.Turn, call.Call), Calls.Count))
            {
                Calls.Add(call);
            }
            else
            {
                Calls[_places[(call.RunId, call.Turn, call.Call)]] = call;
            }
        }
    }
}
