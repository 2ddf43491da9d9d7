using System.Runtime.CompilerServices;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Views;

/// <summary>Reads runs: their records, joined with the state of their orchestrations.</summary>
public sealed class RunReader
{
    private readonly RunStore _runs;
    private readonly IOrchestrationClient _orchestrations;
    private readonly RunContents _contents;
    private readonly TimeProvider _time;
    private readonly Redactor _redactor;
    private readonly IRecordStore _records;

    internal RunReader(
        RunStore runs, IOrchestrationClient orchestrations, RunContents contents, TimeProvider time, Redactor redactor,
        IRecordStore records)
    {
        _runs = runs;
        _orchestrations = orchestrations;
        _contents = contents;
        _time = time;
        _redactor = redactor;
        _troubles = new(records);
        _records = records;
    }

    /// <summary>How long after its time a further attempt may still be under way.</summary>
    private static readonly TimeSpan AttemptTime = TimeSpan.FromMinutes(5);

    private readonly StepTroubles _troubles;

    /// <summary>Gets the index of all runs; <see langword="null"/> to read their records instead.</summary>
    internal RunIndexView? Index { get; init; }

    /// <summary>Finds a run; <see langword="null"/> if there is none.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Run?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        RunRecord? record = await _runs.FindAsync(id, cancellationToken).ConfigureAwait(false);
        return record is null ? null : ViewOf(await ReadAsync(record, true, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Gets a run.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<Run> GetAsync(string id, CancellationToken cancellationToken = default) =>
        await FindAsync(id, cancellationToken).ConfigureAwait(false)
        ?? throw await _runs.MissingAsync(id, cancellationToken).ConfigureAwait(false);

    /// <summary>Lists the runs that match, newest first, without their results.</summary>
    /// <param name="filter">What to match.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public IAsyncEnumerable<Run> ListAsync(RunFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return ListAsync(filter, int.MaxValue, cancellationToken);
    }

    /// <summary>Lists one page of the runs that match, newest first, without their results.</summary>
    /// <param name="filter">What to match, and where the page before ended.</param>
    /// <param name="limit">The most runs of the page; at least 1.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>The page; its token is the next page's <see cref="RunFilter.After"/>.</returns>
    public async Task<Page<Run>> ListPageAsync(RunFilter filter, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var page = new List<Run>();
        await foreach (Run run in ListAsync(filter, limit + 1, cancellationToken).ConfigureAwait(false))
        {
            if (page.Count == limit)
            {
                return new Page<Run>(page, page[^1].Id);
            }

            page.Add(run);
        }

        return new Page<Run>(page, null);
    }

    private async IAsyncEnumerable<Run> ListAsync(RunFilter filter, int wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool isIndexed = Index is not null && await Index.OpenAsync(this, cancellationToken).ConfigureAwait(false);
        IAsyncEnumerable<Run> found = isIndexed
            ? Index!.ListAsync(this, filter, wanted, cancellationToken)
            : ListRecordsAsync(filter, cancellationToken);
        await foreach (Run run in found.ConfigureAwait(false))
        {
            yield return ViewOf(run);
        }
    }

    private IAsyncEnumerable<Run> ListRecordsAsync(RunFilter filter, CancellationToken cancellationToken) =>
        ListWithRecordsAsync(filter, cancellationToken).Select(static found => found.Run);

    /// <summary>The runs that match with their records, read from those.</summary>
    internal async IAsyncEnumerable<(RunRecord Record, Run Run)> ListWithRecordsAsync(
        RunFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (RunRecord record in _runs.ListAsync(filter.After, cancellationToken).ConfigureAwait(false))
        {
            if (filter.Matches(record)
                && await ReadAsync(record, false, cancellationToken).ConfigureAwait(false) is { } run
                && (filter.Status is null || run.Status == filter.Status))
            {
                yield return (record, run);
            }
        }
    }

    /// <summary>
    /// Gets a number that grows with each change of a run that lists know of; <see langword="null"/> if they do not know the run
    /// yet.
    /// </summary>
    internal async Task<long?> RevisionAsync(string id, CancellationToken cancellationToken) =>
        Index is { } index && await index.OpenAsync(id, this, cancellationToken).ConfigureAwait(false)
            ? index.RevisionOf(id)
            : null;

    /// <summary>Determines whether a text has the form of the id of a run that is no sub-agent.</summary>
    /// <param name="id">The text.</param>
    public static bool IsRunId(string? id) => id is { Length: 26 } && RunId.IsValid(id);

    /// <summary>Waits until a run has ended.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<Run> WaitForEndAsync(string id, CancellationToken cancellationToken = default)
    {
        await GetAsync(id, cancellationToken).ConfigureAwait(false);
        await _orchestrations.WaitForCompletionAsync(id, cancellationToken).ConfigureAwait(false);
        return await GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// A record without an orchestration is a submission that a crash cut off before it was acknowledged: no run.
    /// </summary>
    internal async Task<Run?> ReadAsync(RunRecord record, bool withResult, CancellationToken cancellationToken)
    {
        OrchestrationState? state = await _orchestrations.GetAsync(record.Id, true, cancellationToken).ConfigureAwait(false);
        if (state is null)
        {
            return null;
        }

        RunOutcome? outcome = state.Status is OrchestrationStatus.Completed or OrchestrationStatus.Terminated
            ? DurableJson.Deserialize<RunOutcome>(state.Output)
            : null;
        RunState? progress = outcome?.State ?? DurableJson.Deserialize<RunState>(state.CustomStatus);
        RunStatus status = StatusOf(state, outcome, progress);
        IReadOnlyList<RunWaiting> waits = await WaitsAsync(record.Id, status, progress, cancellationToken).ConfigureAwait(false);
        if (status == RunStatus.Running && waits.Count > 0)
        {
            status = RunStatus.Waiting;
        }

        Run run = Run.Of(record) with
        {
            Status = status,
            WaitingFor = waits.Count > 0 ? waits[0] : null,
            Waits = waits,
            UpdatedAt = state.LastUpdatedAt,
            CompletedAt = state.IsEnded ? state.LastUpdatedAt : null,
            Turns = progress?.Turns ?? 0,
            Steps = progress?.Steps ?? 0,
            CriticalSteps = progress?.CriticalSteps ?? 0,
            Usage = progress?.Usage ?? new(),
            UsageOfOthers = OthersThan(record.Model, progress?.UsageOfOthers),
            SubAgents = progress?.Swarm is { } swarm
                ? new RunSubAgents(swarm.Started + swarm.Descendants, state.IsEnded ? 0 : swarm.Running)
                {
                    AskedAt = swarm.AskedAt,
                }
                : new(0, 0),
            Budget = progress is null ? null : BudgetOf(progress, state),
            Plan = withResult ? await _contents.PlanAsync(record.Id, cancellationToken).ConfigureAwait(false) : [],
            Error = ErrorOf(state, outcome),
            ContentErasedAt = withResult && state.IsEnded
                ? await EmptiedRuns.FindAsync(_records, record.Id, cancellationToken).ConfigureAwait(false)
                : null,
        };
        return state.IsEnded && withResult
            ? run with { Result = await _contents.ResultAsync(run, progress, cancellationToken).ConfigureAwait(false) }
            : run;
    }

    /// <summary>A sub-agent of a sub-agent with another model may have had the run's own again.</summary>
    private static IReadOnlyDictionary<string, TokenUsage> OthersThan(string model,
        IReadOnlyDictionary<string, TokenUsage>? shares) =>
        shares is null ? new Dictionary<string, TokenUsage>()
        : shares.ContainsKey(model) ? shares.Where(one => one.Key != model).ToDictionary(StringComparer.Ordinal)
        : shares;

    /// <summary>A run as people see it, without secrets.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(run))]
    internal Run? ViewOf(Run? run) => run is null ? null : run with
    {
        Goal = _redactor.Redact(run.Goal),
        Input = run.Input is { } input ? _redactor.RedactFree(input) : null,
        Labels = run.Labels.All(label => _redactor.Redact(label.Value) == label.Value)
            ? run.Labels
            : run.Labels.ToDictionary(static label => label.Key, label => _redactor.Redact(label.Value), StringComparer.Ordinal),
        Plan = [.. run.Plan.Select(item => item with { Text = _redactor.Redact(item.Text) })],
        Error = run.Error is { } error ? error with { Message = _redactor.Redact(error.Message) } : null,
        Result = run.Result is { } result ? result with { Text = _redactor.Redact(result.Text) } : null,
    };

    /// <summary>What the loop says that it waits for, and the steps that failed and are tried again.</summary>
    private async Task<IReadOnlyList<RunWaiting>> WaitsAsync(string runId, RunStatus status, RunState? progress,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<RunWait> told = progress?.Waits ?? (progress?.WaitingFor is { } first ? [first] : []);
        switch (status)
        {
            case RunStatus.Paused:
                return [new RunWaiting(RunWaiting.Resume), .. told.Select(ViewOf)];
            case RunStatus.Queued when progress is not null:
                return [new RunWaiting(RunWaiting.Queue)];
            case not (RunStatus.Running or RunStatus.Waiting):
                return [];
        }

        if (progress is null)
        {
            return [];
        }

        if (told.Count > 0 && told[0].Kind != RunWait.ModelCapacity)
        {
            return [.. told.Select(ViewOf)];
        }

        DateTimeOffset now = _time.GetUtcNow();
        StepTrouble[] troubles = [.. (await _troubles.GetAsync(runId, cancellationToken).ConfigureAwait(false))
            .Where(trouble => now < trouble.Until + AttemptTime
                && (trouble.Step != StepNames.CallModel || trouble.Turn == progress.Turns + 1))];
        if (told.Count > 0)
        {
            return troubles.FirstOrDefault(static trouble => trouble.Call is null) is { } why
                ? [ViewOf(told[0]) with { Kind = why.Kind, Message = why.Message, Failures = why.Failures, Code = why.Code }]
                : [ViewOf(told[0])];
        }

        return [.. troubles.Select(static trouble => new RunWaiting(trouble.Kind, null, trouble.Until)
        {
            Message = trouble.Message,
            Failures = trouble.Failures,
            Code = trouble.Code,
        })];
    }

    private static RunWaiting ViewOf(RunWait wait) => new(wait.Kind, wait.Id, wait.Deadline ?? wait.Until)
    {
        RemindsAt = wait.Deadline is { } deadline && wait.Until < deadline ? wait.Until : null,
    };

    private static RunStatus StatusOf(OrchestrationState state, RunOutcome? outcome, RunState? progress) => state.Status switch
    {
        OrchestrationStatus.Pending => RunStatus.Queued,
        OrchestrationStatus.Running when progress?.QueueTicket is not null => RunStatus.Queued,
        OrchestrationStatus.Running => progress?.WaitingFor is null ? RunStatus.Running : RunStatus.Waiting,
        OrchestrationStatus.Suspended => RunStatus.Paused,
        OrchestrationStatus.Completed => outcome?.Status ?? RunStatus.Completed,
        OrchestrationStatus.Failed => RunStatus.Failed,
        _ => outcome?.Status ?? RunStatus.Cancelled,
    };

    private static RunError? ErrorOf(OrchestrationState state, RunOutcome? outcome)
    {
        if (state.Failure?.Cause() is { } failure)
        {
            return new RunError(failure.ErrorType, failure.Message);
        }

        return outcome is { Code: not null } ? new RunError(outcome.Code, outcome.Message ?? outcome.Code) : null;
    }

    private RunBudget BudgetOf(RunState progress, OrchestrationState state)
    {
        DateTimeOffset until = state.IsEnded ? state.LastUpdatedAt : _time.GetUtcNow();
        return RunBudget.Of(
            progress.Limits.Budget, progress.Steps, progress.Usage, progress.Elapsed(until) ?? TimeSpan.Zero,
            progress.Swarm is { } swarm ? swarm.Started + swarm.Descendants : 0);
    }
}

/// <summary>Represents a filter of runs.</summary>
public sealed record RunFilter
{
    /// <summary>Gets the status of the runs; <see langword="null"/> for any.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Gets the agent of the runs; <see langword="null"/> for any.</summary>
    public string? Agent { get; init; }

    /// <summary>Gets the label of the runs, a name or <c>name=value</c>; <see langword="null"/> for any.</summary>
    public string? Label { get; init; }

    /// <summary>Gets the id of the last run of the previous page; <see langword="null"/> for the first page.</summary>
    public string? After { get; init; }

    /// <summary>Gets the caller that submitted the runs; <see langword="null"/> for any.</summary>
    public string? Requester { get; init; }

    /// <summary>Gets whether sub-agents are listed too; by default they are not: their tree shows them.</summary>
    public bool SubAgents { get; init; }

    internal bool Matches(RunRecord run) => (SubAgents || run.Parent is null)
        && (Requester is null || run.Requester == Requester)
        && (Agent is null || run.Agent == Agent)
        && (Label is null || LabelSelector.Parse(Label).ValueIn(run.Labels) is not null);
}
