using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Testing;

/// <summary>
/// Runs agents in a test: a whole host with the embedded engine on a file of its own, a <see cref="ScriptedModel"/> and a clock
/// that stands still until the test moves it. A host that died at a <see cref="Moment"/> starts again on its file at the next
/// wait.
/// </summary>
public sealed class AgentTestHost : IAsyncDisposable
{
    private readonly TestProcess _process;
    private readonly RunWatch _watch;

    private AgentTestHost(TestProcess process, AgentTestOptions options) =>
        (_process, _watch) = (process, new RunWatch(process, options.Patience));

    /// <summary>Gets the clock of the host.</summary>
    public VirtualTime Time => _process.Time;

    /// <summary>Gets the model.</summary>
    public ScriptedModel Model => _process.Model;

    /// <summary>Gets the services of the present host; another host has others after a crash.</summary>
    public IServiceProvider Services => _process.Services;

    /// <summary>
    /// Gets the executions of tools in the order in which they ended, those included that the run does not know of because the
    /// host died before their result was recorded.
    /// </summary>
    public IReadOnlyList<ToolExecution> Executions => _process.Executions.All;

    /// <summary>Gets how often the host has started.</summary>
    public int Starts => _process.Starts;

    /// <summary>Starts a host.</summary>
    /// <param name="model">
    /// The model of all agents, whatever model they name or the registration adds. An agent of Agent Framework keeps the chat
    /// client that it was made with.
    /// </param>
    /// <param name="configure">Adds the agents and the tools; it is called again at each start.</param>
    /// <param name="options">Sets the policy, other configuration and the time; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">The token to cancel the start.</param>
    public static async Task<AgentTestHost> StartAsync(
        ScriptedModel model, Action<IServiceCollection> configure, Action<AgentTestOptions>? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(configure);
        var set = new AgentTestOptions();
        options?.Invoke(set);
        var process = new TestProcess(model, configure, set);
        await process.StartAsync(cancellationToken).ConfigureAwait(false);
        return new AgentTestHost(process, set);
    }

    /// <summary>Gets a service of the present host.</summary>
    /// <typeparam name="T">The service.</typeparam>
    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Submits a goal.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="agent">The agent; <see langword="null"/> for the host's choice.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<Run> SubmitAsync(string goal, string? agent = null, CancellationToken cancellationToken = default) =>
        SubmitAsync(new RunRequest { Goal = goal, Agent = agent }, null, cancellationToken);

    /// <summary>Submits a goal with all that a request may have.</summary>
    /// <param name="request">The request.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the program itself.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Run> SubmitAsync(RunRequest request, Caller? caller = null, CancellationToken cancellationToken = default)
    {
        await _process.ReviveAsync(cancellationToken).ConfigureAwait(false);
        return await Get<AgentGateway>().SubmitAsync(request, caller, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Submits a goal and waits for the end of its run.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="agent">The agent; <see langword="null"/> for the host's choice.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Run> RunAsync(string goal, string? agent = null, CancellationToken cancellationToken = default)
    {
        Run run = await SubmitAsync(goal, agent, cancellationToken).ConfigureAwait(false);
        return await WaitForEndAsync(run.Id, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the end of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="within">
    /// The virtual time that may pass: whenever the run only waits, time moves to what it waits for, so that retries, jobs and
    /// deadlines take no real time. <see langword="null"/> to let no time pass.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="TimeoutException">The run does not end; the message says where it stands.</exception>
    public Task<Run> WaitForEndAsync(string runId, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        _watch.UntilAsync(runId, "the end", static run => run.IsEnded, within, cancellationToken);

    /// <summary>Waits until a run is as the test wants it.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="within">The virtual time that may pass, as for <see cref="WaitForEndAsync"/>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="TimeoutException">The condition does not come about; the message says where the run stands.</exception>
    public Task<Run> WaitUntilAsync(
        string runId, Func<Run, bool> condition, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        _watch.UntilAsync(runId, "the condition", condition, within, cancellationToken);

    /// <summary>Waits until a run or one of its sub-agents waits for an approval.</summary>
    /// <param name="runId">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="TimeoutException">Nothing waits for an approval; the message says where the run stands.</exception>
    public Task<Approval> WaitForApprovalAsync(string runId, CancellationToken cancellationToken = default) =>
        _watch.ForAsync(runId, "an approval",
            async () => (await Get<ApprovalService>().ListOfTreeAsync(runId, null, cancellationToken).ConfigureAwait(false))
            .FirstOrDefault(static approval => approval.State == ApprovalState.Pending && approval.Obstacle is null),
            cancellationToken);

    /// <summary>Waits until a run or one of its sub-agents asks a person.</summary>
    /// <param name="runId">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="TimeoutException">Nothing asks; the message says where the run stands.</exception>
    public Task<Question> WaitForQuestionAsync(string runId, CancellationToken cancellationToken = default) =>
        _watch.ForAsync(runId, "a question",
            async () => (await Get<QuestionService>().ListOfTreeAsync(runId, null, cancellationToken).ConfigureAwait(false))
            .FirstOrDefault(static question => question.State == QuestionState.Pending), cancellationToken);

    /// <summary>Approves a call.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="caller">The person; <see langword="null"/> for one with every role.</param>
    /// <param name="comment">The comment, which the model reads.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">The person may not decide, or it is decided.</exception>
    public Task<Approval> ApproveAsync(Approval approval, Caller? caller = null, string? comment = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approval);
        return Get<ApprovalService>().DecideAsync(approval.Id, caller ?? Caller.Local, true, comment, null, approval.CallHash,
            cancellationToken);
    }

    /// <summary>Denies a call.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="caller">The person; <see langword="null"/> for one with every role.</param>
    /// <param name="comment">The comment, which the model reads.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">The person may not decide, or it is decided.</exception>
    public Task<Approval> DenyAsync(Approval approval, Caller? caller = null, string? comment = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approval);
        return Get<ApprovalService>().DecideAsync(approval.Id, caller ?? Caller.Local, false, comment, null, cancellationToken);
    }

    /// <summary>Answers a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="answers">The answers by the names of the form's fields, as an anonymous object or a dictionary.</param>
    /// <param name="caller">The person; <see langword="null"/> for one with every role.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">The person may not answer, the answers do not fit, or it is answered.</exception>
    public Task<Question> AnswerAsync(Question question, object answers, Caller? caller = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(answers);
        JsonElement json = JsonSerializer.SerializeToElement(answers, JsonSerializerOptions.Web);
        return Get<QuestionService>().AnswerAsync(question.Id, caller ?? Caller.Local, json, cancellationToken);
    }

    /// <summary>
    /// Lets the host die when a moment comes, once: nothing that is under way ends, and the next wait starts another host on the
    /// same file.
    /// </summary>
    /// <param name="moment">The moment.</param>
    public void CrashAt(Moment moment)
    {
        ArgumentNullException.ThrowIfNull(moment);
        _process.Crashes.Arm(moment);
    }

    /// <summary>Lets the host die now, and starts another one on its file.</summary>
    /// <param name="cancellationToken">The token to cancel the start.</param>
    public Task CrashAsync(CancellationToken cancellationToken = default)
    {
        _process.Crashes.End();
        return _process.ReviveAsync(cancellationToken);
    }

    /// <summary>Gets the messages of a run, the oldest first.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<TranscriptEntry>> TranscriptAsync(string runId,
        CancellationToken cancellationToken = default) =>
        await Get<Transcript>().ReadAsync(runId, cancellationToken: cancellationToken).ToListAsync(cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Gets the events of a run, the oldest first; <see cref="JournalEventTypes"/> has their types.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<JournalEvent>> JournalAsync(string runId, CancellationToken cancellationToken = default) =>
        await Get<Journal>().ReadAsync(runId, cancellationToken: cancellationToken)
            .Select(static happened => happened.Event).ToListAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Ensures that each call of a tool that cannot be repeated took effect once at most, whatever died in between.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// A call was executed again, or an armed moment never came; the message names it.
    /// </exception>
    public void EnsureNoEffectTwice()
    {
        if (_process.Crashes.Armed is { Count: > 0 } armed)
        {
            throw new InvalidOperationException($"The host did not die {string.Join(", ", armed)}, so the test shows nothing of it.");
        }

        string[] twice =
        [
            .. Executions.Where(static done => done.Effect == ToolEffect.NotIdempotent && done.Returned)
                .GroupBy(static done => done.IdempotencyKey).Where(static calls => calls.Count() > 1)
                .Select(static calls => $"{calls.First().Tool} ({calls.Key}) {calls.Count()} times"),
        ];
        if (twice.Length > 0)
        {
            throw new InvalidOperationException($"An effect that cannot be repeated took place more than once: {string.Join(", ", twice)}.");
        }
    }

    /// <summary>Replays every history that was recorded: the present code must take the same decisions again.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="InvalidOperationException">A history does not replay; the message has the first difference.</exception>
    public async Task VerifyReplayAsync(CancellationToken cancellationToken = default)
    {
        IOrchestrationClient client = Get<IOrchestrationClient>();
        string? next = null;
        do
        {
            Page<OrchestrationState> page =
                await client.QueryAsync(new OrchestrationQuery { ContinuationToken = next }, cancellationToken)
                    .ConfigureAwait(false);
            foreach (OrchestrationState state in page.Items)
            {
                RecordedHistory history = await RecordedHistory.OfAsync(client, state.InstanceId, cancellationToken)
                    .ConfigureAwait(false);
                history.Verify(Get<DurableRegistry>());
            }

            next = page.ContinuationToken;
        }
        while (next is not null);
    }

    /// <summary>Gets the recorded history of a run, to be kept in a file and replayed by later versions.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<RecordedHistory> HistoryAsync(string runId, CancellationToken cancellationToken = default) =>
        RecordedHistory.OfAsync(Get<IOrchestrationClient>(), runId, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
