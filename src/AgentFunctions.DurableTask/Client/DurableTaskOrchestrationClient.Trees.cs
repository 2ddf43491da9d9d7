using AgentFunctions.Core;
using AgentFunctions.Durability;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using OrchestrationQuery = AgentFunctions.Durability.OrchestrationQuery;
using Page = AgentFunctions.Durability.Page<AgentFunctions.Durability.OrchestrationState>;
using TreeIds = AgentFunctions.Durability.SubOrchestrationOptions;

namespace AgentFunctions.DurableTask.Client;

/// <content>Ends and purges whole trees of instances.</content>
internal sealed partial class DurableTaskOrchestrationClient
{
    private static readonly OrchestrationStatus[] Live = [OrchestrationStatus.Pending, OrchestrationStatus.Running,
        OrchestrationStatus.Suspended];

    /// <summary>How many instances of a tree are ended or purged at once.</summary>
    private const int MaxAtOnce = 16;

    /// <summary>How often an instance is purged whose history does not go.</summary>
    private const int PurgeAttempts = 3;

    /// <summary>
    /// Ends the whole tree below an instance. Not every backend acts on it, and none tells who is in it; a sub-agent's id begins
    /// with its lead's, so one query finds all. Asked again until nobody is new, since what was not ended yet may have started
    /// others.
    /// </summary>
    private async Task EndBelowAsync(string instanceId, CancellationToken cancellationToken)
    {
        var ended = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            string[] found =
            [
                .. (await DescendantsAsync(instanceId, Live, cancellationToken)).Select(static state => state.InstanceId)
                    .Where(ended.Add).OrderBy(DepthOf),
            ];
            if (found.Length == 0)
            {
                break;
            }

            await EachAsync(
                found, below => EndOneAsync(below, new TerminateInstanceOptions(null, true), cancellationToken),
                cancellationToken);
        }

        foreach (string other in await StartedUnderOtherIdsAsync(instanceId, cancellationToken))
        {
            await EndAsync(other, cancellationToken);
        }
    }

    private Task EndOneAsync(string instanceId, TerminateInstanceOptions options, CancellationToken cancellationToken) =>
        ReachAsync(
            instanceId, static state => state.IsEnded,
            () => Client.TerminateInstanceAsync(instanceId, options, cancellationToken), cancellationToken);

    /// <summary>
    /// Purges what has ended of a tree, the deepest first: if this is cut off, a repetition still finds the rest from its root.
    /// </summary>
    /// <returns>How many were purged, and whether nothing of the tree is left.</returns>
    private async Task<(int Count, bool IsGone)> PurgeTreeAsync(string instanceId, CancellationToken cancellationToken)
    {
        OrchestrationState? root = await GetAsync(instanceId, false, cancellationToken);
        if (root is { IsEnded: false })
        {
            return (0, false);
        }

        (int count, bool isGone) = await PurgeBelowAsync(instanceId, cancellationToken);
        foreach (string other in root is null ? [] : await StartedUnderOtherIdsAsync(instanceId, cancellationToken))
        {
            (int more, bool isOtherGone) = await PurgeTreeAsync(other, cancellationToken);
            (count, isGone) = (count + more, isGone && isOtherGone);
        }

        return root is null || !isGone ? (count, isGone) : (count + await PurgeOneAsync(instanceId, cancellationToken), true);
    }

    /// <summary>Purges what has ended below an instance. What is alive stays, with all that is above and below it.</summary>
    private async Task<(int Count, bool IsGone)> PurgeBelowAsync(string instanceId, CancellationToken cancellationToken)
    {
        IReadOnlyList<OrchestrationState> below = await DescendantsAsync(instanceId, [], cancellationToken);
        string[] alive = [.. below.Where(static state => !state.IsEnded)
            .Select(static state => state.InstanceId + TreeIds.IdSeparator)];
        string[] gone =
        [
            .. below.Select(static state => state.InstanceId + TreeIds.IdSeparator).Where(id => !Array.Exists(
                alive, other => id.StartsWith(other, StringComparison.Ordinal)
                    || other.StartsWith(id, StringComparison.Ordinal))),
        ];
        int count = 0;
        foreach (IGrouping<int, string> level in gone
            .Select(static id => id[..^1]).GroupBy(DepthOf).OrderByDescending(static level => level.Key))
        {
            await EachAsync(level, async id => Interlocked.Add(ref count, await PurgeOneAsync(id, cancellationToken)),
                cancellationToken);
        }

        return (count, alive.Length == 0);
    }

    /// <summary>
    /// Purges one instance and looks whether its history is gone: backends have reported one as purged and kept the history.
    /// </summary>
    private async Task<int> PurgeOneAsync(string instanceId, CancellationToken cancellationToken)
    {
        int count = 0;
        for (int attempt = 0; attempt < PurgeAttempts; attempt++)
        {
            count += (await BackendCall.RunAsync(
                () => Client.PurgeInstanceAsync(instanceId, new PurgeInstanceOptions(Recursive: true),
                    cancellationToken))).PurgedInstanceCount;
            if (!await HasHistoryAsync(instanceId, cancellationToken))
            {
                return count;
            }
        }

        throw new AgentException(
            ErrorCode.EngineUnavailable,
            $"Durable Task reports the instance '{instanceId}' as purged, but still has its history; purge it again later.");
    }

    private async Task<bool> HasHistoryAsync(string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            return (await HistoryAsync(instanceId, cancellationToken)).Count > 0;
        }
        catch (AgentException e) when (e.Code is ErrorCode.InvalidInput or ErrorCode.InstanceNotFound)
        {
            // This backend does not serve histories, or not those of instances that it does not have.
            return false;
        }
    }

    private async Task<IReadOnlyList<OrchestrationState>> DescendantsAsync(
        string instanceId, IReadOnlyList<OrchestrationStatus> statuses, CancellationToken cancellationToken)
    {
        var below = new List<OrchestrationState>();
        string prefix = instanceId + TreeIds.IdSeparator;
        var query = new OrchestrationQuery { InstanceIdPrefix = prefix, Statuses = statuses, PageSize = 1_000 };
        do
        {
            Page page = await QueryAsync(query, cancellationToken);
            // Not every backend compares letter case.
            below.AddRange(page.Items.Where(state => state.InstanceId.StartsWith(prefix, StringComparison.Ordinal)));
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);
        return below;
    }

    /// <summary>The instances that an app's own orchestrator started under ids of their own: its history names them.</summary>
    private async Task<IReadOnlyCollection<string>> StartedUnderOtherIdsAsync(string instanceId,
        CancellationToken cancellationToken)
    {
        try
        {
            string prefix = instanceId + TreeIds.IdSeparator;
            return (await HistoryAsync(instanceId, cancellationToken))
                .OfType<SubOrchestrationInstanceCreatedEvent>().Select(static created => created.InstanceId)
                .Where(id => !id.StartsWith(prefix, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InvalidInput)
        {
            // This backend does not serve histories.
            return [];
        }
    }

    private static int DepthOf(string instanceId) => instanceId.Count(static c => c == TreeIds.IdSeparator);

    private static Task EachAsync(IEnumerable<string> ids, Func<string, Task> act, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
        ids, new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken },
        async (id, _) => await act(id));

    private async Task EndAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (await GetAsync(instanceId, false, cancellationToken) is not null)
        {
            await TerminateAsync(instanceId, null, true, cancellationToken);
        }
    }
}
