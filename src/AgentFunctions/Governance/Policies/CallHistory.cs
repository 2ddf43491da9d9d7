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

    /// <summary>
    /// Decides over the recorded history; enters the call where the decision says so. What an earlier pass over the same call entered
    /// is no part of what it decides on: the call counts once.
    /// </summary>
    /// <param name="rootId">The tree.</param>
    /// <param name="decided">The call that is decided about.</param>
    /// <param name="decide">Decides; may be asked again where another host has written meanwhile.</param>
    /// <param name="enter">The entry to make with the decision; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<T> DecideAsync<T>(
        string rootId, CallPlace decided, Func<IReadOnlyList<PastCall>, T> decide, Func<T, PastCall?> enter,
        CancellationToken cancellationToken)
    {
        Tree tree = TreeOf(rootId);
        await tree.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                await RefreshAsync(rootId, tree, cancellationToken).ConfigureAwait(false);
                T decision = decide(tree.Without(decided));
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

    /// <summary>
    /// Gives a fork the history of the tree that it goes on from, all of it: what was read there is in the fork's messages, and
    /// what was done there is done. Safe to repeat until the fork begins.
    /// </summary>
    /// <param name="rootId">The tree.</param>
    /// <param name="runId">The run of the tree that the fork goes on from.</param>
    /// <param name="turn">The turn of that run.</param>
    /// <param name="forkId">The fork.</param>
    /// <param name="now">When the fork was made: nothing that is under way there goes on here.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task CopyAsync(
        string rootId, string runId, int turn, string forkId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const int Portion = 200;
        Tree tree = TreeOf(rootId);
        await tree.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<PastCall> calls;
        try
        {
            await RefreshAsync(rootId, tree, cancellationToken).ConfigureAwait(false);
            calls = [.. tree.Without(default)];
        }
        finally
        {
            tree.Gate.Release();
        }

        bool IsOwn(PastCall call) => call.RunId == runId || call.CountsFor == runId;
        DateTimeOffset later = calls.Where(call => IsOwn(call) && call.Turn > turn && !call.IsLater)
            .Select(static call => call.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        PastCall Copied(PastCall call) => call with
        {
            CountsFor = IsOwn(call) ? forkId : null,
            IsLater = call.IsLater || (IsOwn(call) ? call.Turn > turn : call.At >= later),
            FinishedAt = call.FinishedAt ?? now,
        };
        // A repeated copy goes on where the first one was cut off.
        int start = (int)await logs.GetLengthAsync(StreamOf(forkId), cancellationToken).ConfigureAwait(false);
        foreach (PastCall[] portion in calls.Skip(start).Select(Copied).Chunk(Portion))
        {
            try
            {
                await logs.AppendAsync(
                    StreamOf(forkId),
                    [.. portion.Select(static call => (ReadOnlyMemory<byte>)JsonSerializer.SerializeToUtf8Bytes(
                        call, PoliciesJsonContext.Default.PastCall))],
                    start, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // Another copy at the same time put this portion there.
            }

            start += portion.Length;
        }
    }

    /// <summary>Enters a call, or what has become of it.</summary>
    public Task EnterAsync(string rootId, PastCall call, CancellationToken cancellationToken) =>
        AppendAsync(rootId, call, null, cancellationToken);

    /// <summary>Forgets the calls of a tree, which are read again when they are needed.</summary>
    internal void Forget(string rootId) => _trees.Remove(rootId);

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

    /// <summary>Which call it is.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Turn">The turn.</param>
    /// <param name="Call">The number of the call within its turn.</param>
    public readonly record struct CallPlace(string RunId, int Turn, int Call);

    /// <summary>The calls of one tree, each once: what was entered later about a call replaces what was entered before.</summary>
    private sealed class Tree
    {
        private readonly Dictionary<CallPlace, int> _places = [];
        private readonly List<PastCall> _calls = [];

        public SemaphoreSlim Gate { get; } = new(1);

        public long End { get; set; }

        /// <summary>All calls but one.</summary>
        public IReadOnlyList<PastCall> Without(CallPlace place) => _places.TryGetValue(place, out int at)
            ? [.. _calls.Take(at), .. _calls.Skip(at + 1)]
            : _calls;

        public void Add(PastCall call)
        {
            var place = new CallPlace(call.RunId, call.Turn, call.Call);
            if (_places.TryAdd(place, _calls.Count))
            {
                _calls.Add(call);
            }
            else
            {
                _calls[_places[place]] = call;
            }
        }
    }
}
