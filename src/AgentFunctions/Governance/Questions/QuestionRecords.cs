using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;

namespace AgentFunctions.Governance.Questions;

/// <summary>Writes down what becomes of questions: for those who answer for it, and for those who follow the run.</summary>
internal sealed class QuestionRecords(AuditLog audit, Journal journal, Redactor redactor, TimeProvider time)
{
    /// <summary>How much of questions and answers the audit log repeats, in characters.</summary>
    private const int AuditTextLimit = 1_000;

    /// <summary>How much the journal repeats, in characters.</summary>
    private const int JournalTextLimit = 2_000;

    /// <summary>Writes down that people are asked.</summary>
    public async Task AskedAsync(Question question, CancellationToken cancellationToken)
    {
        if (!await IsToldAsync(question, JournalEventTypes.QuestionAsked, cancellationToken).ConfigureAwait(false))
        {
            await audit.AppendAsync(
                Entry(AuditTypes.QuestionAsked, question) with
                {
                    Rule = question.Rule,
                    Reason = question.Why is { } why ? Preview.Of(redactor.Redact(why), AuditTextLimit) : null,
                    ArgumentsHash = CanonicalJson.Hash(question.Form),
                    Arguments = Preview.Of(redactor.Redact(question.Text), AuditTextLimit),
                },
                cancellationToken).ConfigureAwait(false);
            await TellAsync(question, JournalEventTypes.QuestionAsked, question.Text, question.CreatedAt, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Writes down how a question ended. Safe to repeat.</summary>
    /// <returns>Whether it was news.</returns>
    public Task<bool> EndedAsync(Question question, CancellationToken cancellationToken) =>
        EndedAsync(question, null, cancellationToken);

    /// <summary>Writes down how a question ended, and the door that the answer came by. Safe to repeat.</summary>
    /// <returns>Whether it was news.</returns>
    public async Task<bool> EndedAsync(Question question, CallerDoor? door, CancellationToken cancellationToken)
    {
        (string journalType, string auditType) = question.State switch
        {
            QuestionState.Answered => (JournalEventTypes.QuestionAnswered, AuditTypes.QuestionAnswered),
            QuestionState.Declined => (JournalEventTypes.QuestionDeclined, AuditTypes.QuestionDeclined),
            QuestionState.Expired => (JournalEventTypes.QuestionExpired, AuditTypes.QuestionExpired),
            _ => (JournalEventTypes.QuestionWithdrawn, AuditTypes.QuestionWithdrawn),
        };
        if (await IsToldAsync(question, journalType, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        string? answers = question.Answers?.GetRawText();
        // Whoever answers and the run that looks meet here: the log has it once.
        var once = new AuditOnce(
            question.AuditFrom ?? 0,
            entry => entry.Type == auditType && entry.QuestionId == question.Id && entry.RunId == question.RunId);
        await audit.AppendOnceAsync(
            Entry(auditType, question) with
            {
                Actor = question.By,
                Door = door?.Name,
                DoorRequest = redactor.Redact(Preview.Of(door?.Request, 200)),
                OutcomeHash = answers is null ? null : TextHash.Of(answers),
                Outcome = Preview.Of(redactor.Redact(answers), AuditTextLimit),
                Reason = question.IsByDefault
                    ? "nobody answered in time; the defaults of the form were taken"
                    : Preview.Of(redactor.Redact(question.Words), AuditTextLimit),
            },
            once,
            cancellationToken).ConfigureAwait(false);
        return await TellAsync(question, journalType, QuestionWords.EndOf(question), question.EndedAt ?? time.GetUtcNow(),
            cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Writes down attempts to tell people.</summary>
    public Task ToldAsync(Question question, IReadOnlyList<HumanTaskDelivery> told, CancellationToken cancellationToken) =>
        audit.AppendAsync(
        Entry(AuditTypes.QuestionTold, question) with
        {
            Failed = told.Any(static delivery => delivery.Error is not null) ? true : null,
            Reason = HumanTaskDelivery.Describe(told),
        },
        cancellationToken);

    /// <summary>Writes down that a question went to further roles.</summary>
    public Task EscalatedAsync(Question question, CancellationToken cancellationToken) => audit.AppendAsync(
        Entry(AuditTypes.QuestionEscalated, question) with { Reason = $"to {string.Join(", ", question.Terms.EscalateTo)}" },
        cancellationToken);

    /// <summary>Whether the journal has an event of a question, so that a pass before a crash wrote all of it down.</summary>
    private async Task<bool> IsToldAsync(Question question, string type, CancellationToken cancellationToken)
    {
        await foreach ((_, JournalEvent written) in journal.ReadAsync(question.RunId, 0, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (written.Type == type && written.Question == question.Id)
            {
                return true;
            }
        }

        return false;
    }

    private Task<bool> TellAsync(Question question, string type, string text, DateTimeOffset at,
        CancellationToken cancellationToken) => journal.AppendIfMissingAsync(
        question.RunId,
        new JournalEvent(type, at)
        {
            Turn = question.Turn,
            Call = question.Call,
            Tool = question.Tool,
            Question = question.Id,
            Text = Preview.Of(redactor.Redact(text), JournalTextLimit),
        },
        cancellationToken);

    private static AuditEntry Entry(string type, Question question) => new(type)
    {
        RunId = question.RunId,
        RootId = question.RootId,
        Turn = question.Turn,
        Call = question.Call,
        Requester = question.Requester,
        Chain = question.Chain,
        Tool = question.Tool,
        QuestionId = question.Id,
    };
}
