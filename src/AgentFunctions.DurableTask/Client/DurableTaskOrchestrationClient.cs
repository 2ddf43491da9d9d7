using System.Runtime.CompilerServices;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using DurableTask.Core.Exceptions;
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
internal sealed partial class DurableTaskOrchestrationClient(DurableTaskClientAccessor accessor, TimeProvider time)
    : IOrchestrationClient
{
    private static readonly DurableStatus[] AllStatuses =
    [
        DurableStatus.Pending, DurableStatus.Running, DurableStatus.Suspended, DurableStatus.Completed, DurableStatus.Failed,
        DurableStatus.Terminated,
    ];

    /// <summary>How long a backend may take until an instance shows what it was told to come to.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SlowestLook = TimeSpan.FromSeconds(1);

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

        string? after = query.ContinuationToken is { } token ? PageToken.Read(token) : null;
        var translated = new DurableQuery(
            query.CreatedFrom, query.CreatedTo, query.Statuses.Count == 0
                ? null
                : query.Statuses.Select(OrchestrationStates.StatusOf), null,
            query.InstanceIdPrefix, query.PageSize, query.IncludePayloads, after);
        try
        {
            return await BackendCall.RunAsync(() => PageAsync(translated, cancellationToken));
        }
        catch (AgentException e) when (after is not null
            && e.InnerException is RpcException { StatusCode: StatusCode.InvalidArgument })
        {
            throw PageToken.Wrong(e);
        }
    }

    private async Task<Page> PageAsync(DurableQuery query, CancellationToken cancellationToken)
    {
        await foreach (Microsoft.DurableTask.Page<OrchestrationMetadata> page in Client.GetAllInstancesAsync(query)
            .AsPages(query.ContinuationToken, query.PageSize).WithCancellation(cancellationToken))
        {
            return new Page([.. page.Values.Select(OrchestrationStates.StateOf)], page.ContinuationToken is { Length: > 0 } next
                ? PageToken.Of(next)
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

    /// <inheritdoc/>
    /// <remarks>
    /// Waits until the instance shows it: a backend takes the order as a message, and whoever cancels, pauses or resumes next
    /// goes by what the instance shows.
    /// </remarks>
    public async Task SuspendAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!Holds(await EnsureAsync(instanceId, cancellationToken)))
        {
            await ReachAsync(
                instanceId, Holds, () => Client.SuspendInstanceAsync(instanceId, reason, cancellationToken), cancellationToken);
            await UntilAsync(instanceId, Holds, cancellationToken);
        }

        static bool Holds(OrchestrationState state) => state.IsEnded || state.Status == OrchestrationStatus.Suspended;
    }

    /// <inheritdoc/>
    /// <remarks>Waits until the instance shows it, as <see cref="SuspendAsync"/> does.</remarks>
    public async Task ResumeAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if (!GoesOn(await EnsureAsync(instanceId, cancellationToken)))
        {
            await ReachAsync(
                instanceId, GoesOn, () => Client.ResumeInstanceAsync(instanceId, reason, cancellationToken), cancellationToken);
            await UntilAsync(instanceId, GoesOn, cancellationToken);
        }

        static bool GoesOn(OrchestrationState state) => state.Status != OrchestrationStatus.Suspended;
    }

    public async Task TerminateAsync(
        string instanceId, object? output = null, bool recursive = true, CancellationToken cancellationToken = default)
    {
        if (!(await EnsureAsync(instanceId, cancellationToken)).IsEnded)
        {
            await EndOneAsync(
                instanceId, new TerminateInstanceOptions(DurablePayload.Write(output, "output"), recursive), cancellationToken);
        }

        if (recursive)
        {
            // Also below one that has ended: what ended it may have been cut off before it came to the rest.
            await EndBelowAsync(instanceId, cancellationToken);
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

    /// <summary>Waits until an instance shows what it was told to come to, or is gone.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: the backend has not come to the order in time.
    /// </exception>
    private async Task UntilAsync(string instanceId, Func<OrchestrationState, bool> isReached,
        CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan pause = FirstLook;
        while (await GetAsync(instanceId, false, cancellationToken) is { } state && !isReached(state))
        {
            if (time.GetElapsedTime(begun) >= Patience)
            {
                throw new AgentException(
                    ErrorCode.EngineUnavailable,
                    $"The Durable Task backend has not come to the order for '{instanceId}' yet; repeat it later.");
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < SlowestLook ? pause * 2 : SlowestLook;
        }
    }

    /// <summary>
    /// Tells an instance to come to a state. The Functions host refuses it where the instance came to it by itself or by others
    /// since it was looked at: that is no fault, and neither is one that is gone.
    /// </summary>
    private async Task ReachAsync(string instanceId, Func<OrchestrationState, bool> isReached, Func<Task> tell,
        CancellationToken cancellationToken)
    {
        try
        {
            await BackendCall.RunAsync(tell);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EngineUnavailable)
        {
            if (await GetAsync(instanceId, false, cancellationToken) is { } state && !isReached(state))
            {
                throw;
            }
        }
    }

    private async Task<OrchestrationState> EnsureAsync(string instanceId, CancellationToken cancellationToken) =>
        await GetAsync(instanceId, false, cancellationToken)
        ?? throw new AgentException(ErrorCode.InstanceNotFound, $"There is no instance '{instanceId}'.");

    private static AgentException Exists(string? instanceId, Exception? cause) => new(
        ErrorCode.InstanceExists, $"The instance id '{instanceId}' is taken; use another one.", cause);
}
