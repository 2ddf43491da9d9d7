using System.Text.Json;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Questions;

/// <summary>Finds what runs ask people, and takes the answers.</summary>
public sealed class QuestionService
{
    /// <summary>The longest words of who declines, in characters.</summary>
    public const int MaxWords = 4_000;

    private readonly QuestionStore _store;
    private readonly QuestionRequester _requester;
    private readonly QuestionRecords _records;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal QuestionService(
        QuestionStore store, QuestionRequester requester, QuestionRecords records, Redactor redactor, TimeProvider time) =>
        (_store, _requester, _records, _redactor, _time) = (store, requester, records, redactor, time);

    /// <summary>Lists what waits for an answer: the most urgent first, then the oldest.</summary>
    /// <param name="caller">Only what this caller may see; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Question>> ListPendingAsync(Caller? caller = null,
        CancellationToken cancellationToken = default) =>
        Pending(await _store.ListOpenAsync(null, cancellationToken).ConfigureAwait(false), caller);

    /// <summary>Lists the pending questions of a run tree, the oldest first.</summary>
    /// <param name="rootId">The run at its root.</param>
    /// <param name="caller">Only what this caller may see; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Question>> ListOfTreeAsync(string rootId, Caller? caller = null,
        CancellationToken cancellationToken = default) =>
        [.. Pending(await _store.ListOpenOfTreeAsync(rootId, cancellationToken).ConfigureAwait(false), caller)
            .Where(question => question.RootId == rootId).OrderBy(static question => question.CreatedAt)];

    /// <summary>Lists all that a run has asked, in the order of its calls.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="caller">Only what this caller may see; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Question>> ListOfRunAsync(string runId, Caller? caller = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        return Shown(await _store.ListOfRunAsync(runId, cancellationToken).ConfigureAwait(false), caller);
    }

    /// <summary>Gets a question.</summary>
    /// <param name="id">The question.</param>
    /// <param name="caller">The caller; <see langword="null"/> for the host itself.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.QuestionNotFound"/>: there is none that this caller may see.
    /// </exception>
    public async Task<Question> GetAsync(string id, Caller? caller = null, CancellationToken cancellationToken = default) =>
        QuestionView.Of(await FindAsync(id, caller, cancellationToken).ConfigureAwait(false), _redactor);

    /// <summary>Answers a question. Safe to repeat.</summary>
    /// <param name="id">The question.</param>
    /// <param name="caller">Who answers.</param>
    /// <param name="answers">The answers: an object of values by the names of the fields of the form.</param>
    /// <param name="cancellationToken">The token to cancel it, until the answer is recorded.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.QuestionNotFound"/>; <see cref="ErrorCode.InvalidInput"/>: the message names the field;
    /// <see cref="ErrorCode.NotAllowed"/>: this caller may not answer; <see cref="ErrorCode.QuestionStateForbids"/>: it is
    /// decided, and the message says who was first.
    /// </exception>
    public async Task<Question> AnswerAsync(string id, Caller caller, JsonElement answers,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Question found = await FindAsync(id, caller, cancellationToken).ConfigureAwait(false);
        if (QuestionForm.Read(found.Form).Errors(answers) is { Count: > 0 } errors)
        {
            EnsureRight(caller, found);
            throw new AgentException(ErrorCode.InvalidInput, string.Join(" ", errors));
        }

        return await EndAsync(found, caller, found with { State = QuestionState.Answered, Answers = answers.Clone() })
            .ConfigureAwait(false);
    }

    /// <summary>Declines to answer a question. Safe to repeat.</summary>
    /// <param name="id">The question.</param>
    /// <param name="caller">Who declines.</param>
    /// <param name="words">
    /// Why; the agent reads it. At most <see cref="MaxWords"/> characters; <see langword="null"/> for nothing.
    /// </param>
    /// <param name="cancellationToken">The token to cancel it, until it is recorded.</param>
    /// <exception cref="AgentException">As for <see cref="AnswerAsync"/>.</exception>
    public async Task<Question> DeclineAsync(string id, Caller caller, string? words = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (words?.Length > MaxWords)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"decline: use at most {MaxWords} characters.");
        }

        Question found = await FindAsync(id, caller, cancellationToken).ConfigureAwait(false);
        string? said = string.IsNullOrWhiteSpace(words) ? null : words;
        return await EndAsync(found, caller, found with { State = QuestionState.Declined, Words = said }).ConfigureAwait(false);
    }

    /// <summary>Wakes the runs whose answer they may not have heard of: for the start of a host.</summary>
    internal async Task WakeDecidedAsync(CancellationToken cancellationToken)
    {
        foreach (Question question in await _store.ListOpenAsync(null, cancellationToken).ConfigureAwait(false))
        {
            if (question.State != QuestionState.Pending)
            {
                await _requester.WakeAsync(question, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static void EnsureRight(Caller caller, Question question)
    {
        if (!question.MayBeAnsweredBy(caller))
        {
            throw new AgentException(
                ErrorCode.NotAllowed, $"Rule '{question.Rule}' lets only these answer: {string.Join(", ", question.Roles)}.");
        }

        if (!question.Terms.InBand && caller.Door is { } door)
        {
            throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule '{question.Rule}' lets no door carry the answer ('{door.Name}'); use the HTTP API or the dashboard.");
        }
    }

    /// <summary>Whether a caller sees a question: whoever sees that a run waits for a person sees for what.</summary>
    private static bool MaySee(Caller caller, Question question) =>
        question.Requester == caller.Id || caller.Has(CallerRoles.Admin) || caller.Has(CallerRoles.Auditor)
            || caller.Has(CallerRoles.Operator)
        || caller.Has(CallerRoles.Viewer) || question.MayBeAnsweredBy(caller);

    private Question[] Pending(IEnumerable<Question> open, Caller? caller)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return Shown(
            open.Where(question => question.State == QuestionState.Pending && question.ExpiresAt > now)
                .OrderByDescending(static question => question.Urgency)
                .ThenBy(static question => question.CreatedAt),
            caller);
    }

    private Question[] Shown(IEnumerable<Question> questions, Caller? caller) =>
        [.. questions.Where(question => caller is null || MaySee(caller, question))
            .Select(question => QuestionView.Of(question, _redactor))];

    private async Task<Question> FindAsync(string id, Caller? caller, CancellationToken cancellationToken) =>
        await _store.FindAsync(id, cancellationToken).ConfigureAwait(false) is var (question, _)
            && (caller is null || MaySee(caller, question))
            ? question
            : throw new AgentException(ErrorCode.QuestionNotFound, $"There is no question '{id}'.");

    /// <summary>Ends a question: once it is begun, it is not the caller's to stop, or the run would not hear of it.</summary>
    private async Task<Question> EndAsync(Question found, Caller caller, Question said)
    {
        EnsureRight(caller, found);
        DateTimeOffset now = _time.GetUtcNow();
        Question ended = await _store.ChangeAsync(
            found.Id,
            before => Same(before, caller, said) ? before
                : before is not { State: QuestionState.Pending, IsAltered: false } || before.ExpiresAt <= now
                    ? throw Decided(before)
                : before with
                {
                    State = said.State,
                    Answers = said.State == QuestionState.Answered ? said.Answers : null,
                    Words = said.State == QuestionState.Declined ? said.Words : null,
                    By = caller.Id,
                    Role = before.RoleOf(caller),
                    EndedAt = now,
                },
            CancellationToken.None).ConfigureAwait(false);
        await _requester.NoteSteererAsync(ended, CancellationToken.None).ConfigureAwait(false);
        await _records.EndedAsync(ended, caller.Door, CancellationToken.None).ConfigureAwait(false);
        await _requester.WakeAsync(ended, CancellationToken.None).ConfigureAwait(false);
        return QuestionView.Of(ended, _redactor);
    }

    /// <summary>Whether this very caller said this very thing before.</summary>
    private static bool Same(Question before, Caller caller, Question said) =>
        before.By == caller.Id && before.State == said.State
        && (said.State == QuestionState.Declined ? before.Words == said.Words
            : before.Answers is { } answers && JsonElement.DeepEquals(answers, said.Answers!.Value));

    private static AgentException Decided(Question question)
    {
        string when = question.EndedAt is { } at ? $" at {at.UtcDateTime:u}" : "";
        return new AgentException(
            ErrorCode.QuestionStateForbids,
            question switch
            {
                { IsAltered: true } => $"Question '{question.Id}' was altered outside this host, so that it counts as withdrawn.",
                { IsByDefault: true } => $"Question '{question.Id}' expired{when}, and the defaults of its form were taken.",
                { State: QuestionState.Answered } =>
                    $"{QuestionWords.WhoAnswered(question)} has answered question '{question.Id}' already{when}.",
                { State: QuestionState.Declined } =>
                    $"{QuestionWords.WhoAnswered(question)} has declined question '{question.Id}' already{when}.",
                { State: QuestionState.Withdrawn } =>
                    $"Question '{question.Id}' was withdrawn{when}: no answer is needed any more.",
                _ => $"Question '{question.Id}' expired at {question.ExpiresAt.UtcDateTime:u}.",
            });
    }
}
