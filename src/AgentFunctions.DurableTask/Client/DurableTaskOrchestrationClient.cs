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

    private static readonly OrchestrationStatus[] Live = [OrchestrationStatus.Pending, OrchestrationStatus.Running, OrchestrationStatus.Suspended];

    /// <summary>How many instances of a tree are ended or purged at once.</summary>
    private const int MaxAtOnce = 16;

    private DurableTaskClient Client => accessor.Client;

    public async Task<string> ScheduleAsync(
        string name, object? input = null, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.InstanceId is { } given && (given.Length is 0 or > 256 || given.Any(char.IsControl)))
        {
            throw new AgentException(ErrorCode.InvalidInput, "instanceId: use 1 to 256 characters, none of them a control character.");
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
                : [.. AllStatuses.Where(status => !options.ReplaceableStatuses.Contains(StatusOf(status))).Select(status => status.ToString())],
        };
        try
        {
            return await CallAsync(() => Client.ScheduleNewOrchestrationInstanceAsync(
                name, DurablePayload.Write(input, name), translated, cancellationToken));
        }
        catch (OrchestrationAlreadyExistsException e)
        {
            throw Exists(options?.InstanceId, e);
        }
    }

    public async Task<OrchestrationState?> GetAsync(
        string instanceId, bool includePayloads = true, CancellationToken cancellationToken = default) =>
        await CallAsync(() => Client.GetInstanceAsync(instanceId, includePayloads, cancellationToken)) is { } metadata
            ? StateOf(metadata)
            : null;

    public async Task<Page> QueryAsync(OrchestrationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.PageSize is < 1 or > 1_000)
        {
            throw new AgentException(ErrorCode.InvalidInput, "pageSize: use 1 to 1,000.");
        }

        var translated = new DurableQuery(
            query.CreatedFrom, query.CreatedTo, query.Statuses.Count == 0 ? null : query.Statuses.Select(StatusOf), null,
            query.InstanceIdPrefix, query.PageSize, query.IncludePayloads, query.ContinuationToken);
        try
        {
            return await CallAsync(() => PageAsync(translated, cancellationToken));
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
            return new Page([.. page.Values.Select(StateOf)], page.ContinuationToken is { Length: > 0 } next ? next : null);
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
                return StateOf(await CallAsync(() => Client.WaitForInstanceCompletionAsync(instanceId, true, cancellationToken)));
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
            await CallAsync(() => Client.RaiseEventAsync(
                instanceId, eventName, DurablePayload.Write(payload, eventName), cancellationToken));
        }
    }

    public async Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await CallAsync(() => Client.SuspendInstanceAsync(instanceId, reason, cancellationToken));
        }
    }

    public async Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await CallAsync(() => Client.ResumeInstanceAsync(instanceId, reason, cancellationToken));
        }
    }

    public async Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            var options = new TerminateInstanceOptions(DurablePayload.Write(output, "output"), recursive);
            await CallAsync(() => Client.TerminateInstanceAsync(instanceId, options, cancellationToken));
            if (recursive)
            {
                await EndBelowAsync(instanceId, cancellationToken);
            }
        }
    }

    public async Task<int> PurgeAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        if (await GetAsync(instanceId, false, cancellationToken) is not { IsEnded: true })
        {
            return 0;
        }

        // Those below first, the deepest before all: where this is cut off, who repeats it still finds the rest from here.
        int count = await PurgeBelowAsync(instanceId, cancellationToken);
        foreach (string other in await StartedUnderOtherIdsAsync(instanceId, cancellationToken))
        {
            count += await PurgeAsync(other, cancellationToken);
        }

        return count + await PurgeOneAsync(instanceId, cancellationToken);
    }

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

    private Task<IList<CoreHistoryEvent>> HistoryAsync(string instanceId, CancellationToken cancellationToken) =>
        CallAsync(() => Client.GetOrchestrationHistoryAsync(instanceId, cancellationToken));

    /// <summary>
    /// Ends the whole tree below an instance. Not every backend acts on it, and none tells who is in it; a sub-agent's id begins with
    /// its lead's, so one query finds all. Asked again until nobody is new, since what was not ended yet may have started others.
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
                found, below => CallAsync(() => Client.TerminateInstanceAsync(below, new TerminateInstanceOptions(null, true), cancellationToken)), cancellationToken);
        }

        foreach (string other in await StartedUnderOtherIdsAsync(instanceId, cancellationToken))
        {
            await EndAsync(other, cancellationToken);
        }
    }

    /// <summary>Purges what has ended below an instance. What is alive stays, with all that is below it.</summary>
    private async Task<int> PurgeBelowAsync(string instanceId, CancellationToken cancellationToken)
    {
        IReadOnlyList<OrchestrationState> below = await DescendantsAsync(instanceId, [], cancellationToken);
        string[] alive = [.. below.Where(static state => !state.IsEnded).Select(static state => state.InstanceId + ChildName.Separator)];
        int count = 0;
        foreach (IGrouping<int, string> level in below
            .Where(state => state.IsEnded && !alive.Any(lead => state.InstanceId.StartsWith(lead, StringComparison.Ordinal)))
            .Select(static state => state.InstanceId).GroupBy(DepthOf).OrderByDescending(static level => level.Key))
        {
            await EachAsync(level, async id => Interlocked.Add(ref count, await PurgeOneAsync(id, cancellationToken)), cancellationToken);
        }

        return count;
    }

    private async Task<int> PurgeOneAsync(string instanceId, CancellationToken cancellationToken) => (await CallAsync(
        () => Client.PurgeInstanceAsync(instanceId, new PurgeInstanceOptions(Recursive: true), cancellationToken))).PurgedInstanceCount;

    private async Task<IReadOnlyList<OrchestrationState>> DescendantsAsync(
        string instanceId, IReadOnlyList<OrchestrationStatus> statuses, CancellationToken cancellationToken)
    {
        var below = new List<OrchestrationState>();
        var query = new OrchestrationQuery { InstanceIdPrefix = instanceId + ChildName.Separator, Statuses = statuses, PageSize = 1_000 };
        do
        {
            Page page = await QueryAsync(query, cancellationToken);
            below.AddRange(page.Items);
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);
        return below;
    }

    /// <summary>The instances that an app's own orchestrator started under ids of their own: its history names them.</summary>
    private async Task<IReadOnlyCollection<string>> StartedUnderOtherIdsAsync(string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            string prefix = instanceId + ChildName.Separator;
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

    private static int DepthOf(string instanceId) => instanceId.Count(static c => c == ChildName.Separator);

    private static Task EachAsync(IEnumerable<string> ids, Func<string, Task> act, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        ids, new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken }, async (id, _) => await act(id));

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

    private static async Task CallAsync(Func<Task> call) => await CallAsync(async () =>
    {
        await call();
        return true;
    });

    private static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            throw new AgentException(ErrorCode.Overloaded, "The Durable Task backend has too much to do; repeat later.", e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw Unable(e.Status.Detail, e);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, $"The Durable Task backend did not take the call: {e.Status.Detail}", e);
        }
        catch (RpcException e)
        {
            throw new OperationCanceledException("The call was cancelled.", e);
        }
        catch (NotSupportedException e)
        {
            throw Unable(e.Message, e);
        }
    }

    private static AgentException Unable(string words, Exception cause) => new(
        ErrorCode.InvalidInput, $"This Durable Task backend cannot do that: {words}", cause);

    private static OrchestrationState StateOf(OrchestrationMetadata metadata) => new(
        metadata.InstanceId, metadata.Name, StatusOf(metadata.RuntimeStatus), metadata.CreatedAt, metadata.LastUpdatedAt)
    {
        Input = metadata.SerializedInput,
        Output = metadata.RuntimeStatus == DurableStatus.Failed ? null : metadata.SerializedOutput,
        CustomStatus = metadata.SerializedCustomStatus,
        Failure = FailureOf(metadata),
    };

    /// <summary>What the host itself could not do, such as loading the orchestrator, it tells as the output.</summary>
    private static FailureDetails? FailureOf(OrchestrationMetadata metadata) => metadata switch
    {
        { FailureDetails: { } failure } => DurableFailure.Read(failure),
        { RuntimeStatus: DurableStatus.Failed, SerializedOutput: { } words } => DurableFailure.Read(words, nameof(ErrorCode.EngineUnavailable)),
        _ => null,
    };

    private static OrchestrationStatus StatusOf(DurableStatus status) => status switch
    {
        DurableStatus.Pending => OrchestrationStatus.Pending,
        DurableStatus.Suspended => OrchestrationStatus.Suspended,
        DurableStatus.Completed => OrchestrationStatus.Completed,
        DurableStatus.Failed => OrchestrationStatus.Failed,
        DurableStatus.Terminated => OrchestrationStatus.Terminated,
        // An execution that continues as new is between two executions of a running instance.
        _ => OrchestrationStatus.Running,
    };

    private static DurableStatus StatusOf(OrchestrationStatus status) => Enum.Parse<DurableStatus>(status.ToString());
}
