using System.Runtime.CompilerServices;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using CoreHistoryEvent = DurableTask.Core.History.HistoryEvent;
using DurableQuery = Microsoft.DurableTask.Client.OrchestrationQuery;
using DurableStatus = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;
using HistoryEvent = AgentFunctions.Durability.HistoryEvent;
using OrchestrationQuery = AgentFunctions.Durability.OrchestrationQuery;
using Page = AgentFunctions.Durability.Page<AgentFunctions.Durability.OrchestrationState>;
using TreeIds = AgentFunctions.Durability.SubOrchestrationOptions;

namespace AgentFunctions.DurableTask.Client;

/// <summary>The port for starting and steering orchestrations over Durable Task's client.</summary>
/// <remarks>
/// Durable Task does not say who an instance's parent is, and lists in the order of its backend. It ignores calls about ids
/// that it does not know, so those calls cost one read more here.
/// </remarks>
internal sealed class DurableTaskOrchestrationClient(DurableTaskClientAccessor accessor) : IOrchestrationClient
{
    private static readonly DurableStatus[] AllStatuses =
    [
        DurableStatus.Pending, DurableStatus.Running, DurableStatus.Suspended, DurableStatus.Completed, DurableStatus.Failed,
        DurableStatus.Terminated,
    ];

    private static readonly OrchestrationStatus[] Live = [OrchestrationStatus.Pending, OrchestrationStatus.Running,
        OrchestrationStatus.Suspended];

    /// <summary>How many instances of a tree are ended or purged at once.</summary>
    private const int MaxAtOnce = 16;

    /// <summary>How often an instance is purged whose history does not go.</summary>
    private const int PurgeAttempts = 3;

    private DurableTaskClient Client => accessor.Client;

    public async Task<string> ScheduleAsync(
        string name, object? input = null, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.InstanceId is { } given && (given.Length is 0 or > 256 || given.Any(char.IsControl)))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "instanceId: use 1 to 256 characters, none of them a control character.");
        }

        if (options?.InstanceId is { } id
            && await GetAsync(id, false, cancellationToken) is { } existing
            && !options.ReplaceableStatuses.Contains(existing.Status))
        {
            throw Exists(id, null);
        }

        // Two callers may have come this far: the statuses below have the backend decide between them.
        var translated = new StartOrchestrationOptions(options?.InstanceId, options?.StartAt)
        {
            DedupeStatuses = options?.InstanceId is null
                ? null
                : [.. AllStatuses.Where(status => !options.ReplaceableStatuses.Contains(OrchestrationStates.StatusOf(status)))
                    .Select(status => status.ToString())],
        };
        try
        {
            return await BackendCall.RunAsync(() => Client.ScheduleNewOrchestrationInstanceAsync(
                name, DurablePayload.Write(input, name), translated, cancellationToken));
        }
        catch (OrchestrationAlreadyExistsException e)
        {
            throw Exists(options?.InstanceId, e);
        }
    }

    public async Task<OrchestrationState?> GetAsync(
        string instanceId, bool includePayloads = true, CancellationToken cancellationToken = default) =>
        await BackendCall.RunAsync(() => Client.GetInstanceAsync(instanceId, includePayloads, cancellationToken)) is { } metadata
            ? OrchestrationStates.StateOf(metadata)
            : null;

    public async Task<Page> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.PageSize is < 1 or > 1_000)
        {
            throw new AgentException(ErrorCode.InvalidInput, "pageSize: use 1 to 1,000.");
        }

        var translated = new DurableQuery(
            query.CreatedFrom, query.CreatedTo, query.Statuses.Count == 0
                ? null
                : query.Statuses.Select(OrchestrationStates.StatusOf), null,
            query.InstanceIdPrefix, query.PageSize, query.IncludePayloads, query.ContinuationToken);
        try
        {
            return await BackendCall.RunAsync(() => PageAsync(translated, cancellationToken));
        }
        catch (AgentException e) when (query.ContinuationToken is not null
            && e.InnerException is RpcException { StatusCode: StatusCode.Unknown or StatusCode.InvalidArgument })
        {
            throw new AgentException(ErrorCode.InvalidInput, "continuationToken: use the one of the page before.", e);
        }
    }

    private async Task<Page> PageAsync(DurableQuery query, CancellationToken cancellationToken)
    {
        await foreach (Microsoft.DurableTask.Page<OrchestrationMetadata> page in Client.GetAllInstancesAsync(query)
            .AsPages(query.ContinuationToken, query.PageSize).WithCancellation(cancellationToken))
        {
            return new Page([.. page.Values.Select(OrchestrationStates.StateOf)], page.ContinuationToken is { Length: > 0 } next
                ? next
                : null);
        }

        return new Page([], null);
    }

    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await EnsureAsync(instanceId, cancellationToken);
            try
            {
                return OrchestrationStates.StateOf(await BackendCall.RunAsync(() => Client.WaitForInstanceCompletionAsync(instanceId, true, cancellationToken)));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The connection to the host ends every call after 100 seconds; a run takes days.
            }
        }
    }

    public async Task RaiseEventAsync(
        string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await BackendCall.RunAsync(() => Client.RaiseEventAsync(
                instanceId, eventName, DurablePayload.Write(payload, eventName), cancellationToken));
        }
    }

    public async Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await BackendCall.RunAsync(() => Client.SuspendInstanceAsync(instanceId, reason, cancellationToken));
        }
    }

    public async Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await BackendCall.RunAsync(() => Client.ResumeInstanceAsync(instanceId, reason, cancellationToken));
        }
    }

    public async Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            var options = new TerminateInstanceOptions(DurablePayload.Write(output, "output"), recursive);
            await BackendCall.RunAsync(() => Client.TerminateInstanceAsync(instanceId, options, cancellationToken));
            if (recursive)
            {
                await EndBelowAsync(instanceId, cancellationToken);
            }
        }
    }

    public async Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default) =>
        (await PurgeTreeAsync(instanceId, cancellationToken)).Count;

    public async IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(
        string instanceId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (await GetAsync(instanceId, false, cancellationToken) is null)
        {
            yield break;
        }

        foreach (CoreHistoryEvent recorded in await HistoryAsync(instanceId, cancellationToken))
        {
            if (HistoryTranslation.Of(recorded) is { } translated)
            {
                yield return translated;
            }
        }
    }

    private async Task<IList<CoreHistoryEvent>> HistoryAsync(string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            return await BackendCall.RunAsync(() => Client.GetOrchestrationHistoryAsync(instanceId, cancellationToken));
        }
        catch (ArgumentException e) when (e.InnerException is RpcException { StatusCode: StatusCode.NotFound })
        {
            throw new AgentException(ErrorCode.InstanceNotFound, $"There is no instance '{instanceId}'.", e);
        }
        catch (InvalidOperationException e) when (e.InnerException is RpcException)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, "The Durable Task backend did not serve the history.", e);
        }
    }

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
                found, below => BackendCall.RunAsync(() => Client.TerminateInstanceAsync(below,
                    new TerminateInstanceOptions(null, true), cancellationToken)), cancellationToken);
        }

        foreach (string other in await StartedUnderOtherIdsAsync(instanceId, cancellationToken))
        {
            await EndAsync(other, cancellationToken);
        }
    }

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

    private async Task<OrchestrationState> EnsureAsync(string instanceId, CancellationToken cancellationToken) =>
        await GetAsync(instanceId, false, cancellationToken)
        ?? throw new AgentException(ErrorCode.InstanceNotFound, $"There is no instance '{instanceId}'.");

    private static AgentException Exists(string? instanceId, Exception? cause) => new(
        ErrorCode.InstanceExists, $"The instance id '{instanceId}' is taken; use another one.", cause);
}
