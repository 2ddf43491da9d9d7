using AgentFunctions.Durability;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Questions;

/// <summary>
/// The runs' side of questions: asks, at every look reminds, escalates and expires, and withdraws what an ended run still asks.
/// </summary>
internal sealed class QuestionRequester(
    QuestionStore store, QuestionDeliveries deliveries, QuestionRecords records, RunSteerers steerers,
    IOrchestrationClient orchestrations,
    TimeProvider time)
    : HumanTaskRequester<Question>(store, time), IRunEndObserver
{
    private readonly QuestionStore _store = store;

    /// <summary>Asks people. Safe to repeat after a crash.</summary>
    /// <param name="asked">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The question as it is recorded.</returns>
    public async Task<Question> AskAsync(Question asked, CancellationToken cancellationToken)
    {
        await _store.EnterAsync(asked, cancellationToken).ConfigureAwait(false);
        return await RequestAsync(asked, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes what became of a question for one request of a call; it serves no other.</summary>
    /// <param name="id">The question.</param>
    /// <param name="taker">The request.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The question; <see cref="Question.TakenBy"/> says whom it serves.</returns>
    public Task<Question> TakeAsync(string id, string taker, CancellationToken cancellationToken) => Store.ChangeAsync(
        id,
        before => before is { State: QuestionState.Answered or QuestionState.Declined, IsAltered: false, TakenBy: null }
            ? before with { TakenBy = taker }
            : before,
        cancellationToken);

    /// <summary>
    /// Notes that whoever answered has steered the run, before the words take effect: they may lead to calls about which a rule
    /// wants somebody else to decide. Only who was first is noted.
    /// </summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task NoteSteererAsync(Question question, CancellationToken cancellationToken) =>
        question is { IsAltered: false, IsOfLead: false, By: { } by } && by != question.Requester
        ? steerers.AddAsync(question.RootId, [by], cancellationToken) : Task.CompletedTask;

    /// <summary>Withdraws a question that nobody has answered yet.</summary>
    /// <param name="id">The question.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task WithdrawAsync(string id, string reason, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Now;
        Question ended = await Store.ChangeAsync(
            id,
            before => before.State == QuestionState.Pending
                ? before with { State = QuestionState.Withdrawn, Words = reason, EndedAt = now } : before,
            cancellationToken).ConfigureAwait(false);
        if (ended.State == QuestionState.Withdrawn && await records.EndedAsync(ended, cancellationToken).ConfigureAwait(false))
        {
            await deliveries.TellWithdrawnAsync(ended, cancellationToken).ConfigureAwait(false);
        }

        await Store.SettleAsync(ended, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws what an ended run still asks.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        foreach (Question question in await Store.ListOpenAsync(run.Id, cancellationToken).ConfigureAwait(false))
        {
            await WithdrawAsync(question.Id, "the run has ended", cancellationToken).ConfigureAwait(false);
            if (!question.IsAwaited)
            {
                await WakeAsync(question, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Wakes whoever waits for a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task WakeAsync(Question question, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.RaiseEventAsync(question.WaiterId, question.EventName, question.State.ToString(),
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            await Store.SettleAsync(question, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override Task RecordAskedAsync(Question task, CancellationToken cancellationToken) =>
        records.AskedAsync(task, cancellationToken);

    protected override Task RecordEscalatedAsync(Question task, CancellationToken cancellationToken) =>
        records.EscalatedAsync(task, cancellationToken);

    protected override async Task RecordEndAsync(Question task, CancellationToken cancellationToken)
    {
        await NoteSteererAsync(task, cancellationToken).ConfigureAwait(false);
        await records.EndedAsync(task, cancellationToken).ConfigureAwait(false);
    }

    protected override Task RecordToldAsync(Question task, IReadOnlyList<HumanTaskDelivery> told,
        CancellationToken cancellationToken) =>
        records.ToldAsync(task, told, cancellationToken);

    protected override async Task<IReadOnlyList<HumanTaskDelivery>> DeliverAsync(Question task,
        CancellationToken cancellationToken) =>
        await deliveries.TellAsync(task, cancellationToken).ConfigureAwait(false);
}
