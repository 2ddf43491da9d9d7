using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Jobs;

/// <summary>
/// Does the same with many runs, in the background: it goes on after a crash, and says for each run what came of it.
/// </summary>
public sealed class RunJobs
{
    /// <summary>How long what came of a job can be asked for.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(7);

    private readonly IOrchestrationClient _orchestrations;
    private readonly TimeProvider _time;

    internal RunJobs(IOrchestrationClient orchestrations, TimeProvider time) => (_orchestrations, _time) = (orchestrations, time);

    /// <summary>Gets the most runs of a job.</summary>
    public static int MaxRuns => 2_000;

    /// <summary>Starts a job. It is recorded durably on return.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="runs">The runs; what the caller may do with each of them is checked in its turn.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait; it may have started.</param>
    public async Task<RunJob> StartAsync(
        RunsAction action, IReadOnlyList<string> runs, Caller caller, string? reason = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(runs.Count, MaxRuns);
        await PurgeOldAsync(cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = _time.GetUtcNow();
        string id = RunId.New(now);
        var order = new RunsOrder(action, runs, caller.Id, caller.Roles) { Reason = reason };
        await _orchestrations.ScheduleAsync(RunsFlow.Name, order, new StartOptions { InstanceId = RunsFlow.Prefix + id },
            cancellationToken).ConfigureAwait(false);
        return new RunJob(id, action, caller.Id, now) { Runs = runs };
    }

    /// <summary>Gets a job.</summary>
    /// <param name="id">The job.</param>
    /// <param name="caller">Who asks: who asked for it, or who sees all runs.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InstanceNotFound"/>: there is no job that the caller may see.
    /// </exception>
    public async Task<RunJob> GetAsync(string id, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        OrchestrationState? state = RunId.IsMade(id)
            ? await _orchestrations.GetAsync(RunsFlow.Prefix + id, true, cancellationToken).ConfigureAwait(false)
            : null;
        if (state is null || DurableJson.Deserialize<RunsOrder>(state.Input) is not { } order
            || (order.By != caller.Id && !Access.RunAccess.SeesAll(caller)))
        {
            throw new AgentException(ErrorCode.InstanceNotFound,
                $"There is no job '{id}'. What came of a job is kept for a week.");
        }

        var job = new RunJob(id, order.Action, order.By, state.CreatedAt)
        {
            Runs = order.Runs,
            EndedAt = state.IsEnded ? state.LastUpdatedAt : null,
        };
        if (state.Status == OrchestrationStatus.Completed && DurableJson.Deserialize<RunsProgress>(state.Output) is { } end)
        {
            return job with
            {
                Done = end.Done,
                Failed = end.Faults.Count,
                Faults = end.Faults.ToDictionary(
                    static fault => fault.Run, static fault => new RunJobFault(fault.Code,
                        fault.Message), StringComparer.Ordinal),
            };
        }

        RunsCount? count = DurableJson.Deserialize<RunsCount>(state.CustomStatus);
        return job with { Done = count?.Done ?? 0, Failed = count?.Failed ?? 0 };
    }

    /// <summary>Nothing lasts for ever by accident.</summary>
    private async Task PurgeOldAsync(CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = RunsFlow.Prefix,
            CreatedTo = _time.GetUtcNow() - s_kept,
            Statuses = [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated],
        };
        foreach (OrchestrationState old in (await _orchestrations.QueryAsync(query, cancellationToken)
            .ConfigureAwait(false)).Items)
        {
            await _orchestrations.PurgeAsync(old.InstanceId, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>Represents a job: the same is done with many runs.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Action">What is done.</param>
/// <param name="By">Who asked.</param>
/// <param name="CreatedAt">When (UTC).</param>
public sealed record RunJob(string Id, RunsAction Action, string By, DateTimeOffset CreatedAt)
{
    /// <summary>Gets the runs.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>Gets the number of runs that it has come to, in their order.</summary>
    public int Done { get; init; }

    /// <summary>Gets the number of those for which it failed.</summary>
    public int Failed { get; init; }

    /// <summary>Gets when it ended (UTC); <see langword="null"/> while it works.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Gets what went wrong, by the run; empty until it has ended.</summary>
    public IReadOnlyDictionary<string, RunJobFault> Faults { get; init; } = new Dictionary<string, RunJobFault>();
}

/// <summary>Represents why something could not be done with a run.</summary>
/// <param name="Code">The code.</param>
/// <param name="Message">The message.</param>
public sealed record RunJobFault(ErrorCode Code, string Message);
