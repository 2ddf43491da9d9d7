using System.Globalization;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.ToolCalls.Questions;

/// <summary>Makes questions of what calls want to ask, within what the policy allows, and asks each once.</summary>
internal sealed class QuestionDrafts(
    QuestionRequester questions, QuestionStore store, ArtifactStore artifacts, IOrchestrationClient orchestrations,
    LeadQuestions leads, TimeProvider time)
{
    /// <summary>The most questions of a run that are open at once.</summary>
    private const int MaxOpen = 16;

    private const int MaxText = 4_000;
    private const int MaxContext = 10;

    /// <summary>Gets what a call waits for that asks people.</summary>
    /// <param name="question">The question.</param>
    public static ToolCallWait WaitFor(Question question) =>
        new(RunWait.Question, question.Id, question.EventName, HumanTaskSchedule.NextLook(question))
        {
            Deadline = question.ExpiresAt,
        };

    /// <summary>Gets what became of a question, for the tool that asked.</summary>
    /// <param name="question">The question.</param>
    public static PersonAnswer AnswerOf(Question question) =>
        new(question.Id, question.IsAltered ? PersonVerdict.Withdrawn : question.State switch
        {
            QuestionState.Pending => PersonVerdict.Waits,
            QuestionState.Answered => PersonVerdict.Answered,
            QuestionState.Declined => PersonVerdict.Declined,
            QuestionState.Expired => PersonVerdict.Expired,
            _ => PersonVerdict.Withdrawn,
        })
        {
            Answers = question.Answers,
            Text = QuestionWords.AnswersOf(question),
            By = question.By,
            Who = QuestionWords.WhoAnswered(question),
            Words = question.IsAltered ? "its record was altered outside this host" : question.Words,
            IsByDefault = question.IsByDefault,
            FailsOnExpiry = question.Terms.OnExpiry == QuestionExpiry.Fail,
            At = question.EndedAt ?? question.ExpiresAt,
        };

    /// <summary>Asks a question of a call, unless it was asked in an earlier pass.</summary>
    /// <param name="state">The call.</param>
    /// <param name="number">The number of the question among those of the call.</param>
    /// <param name="asked">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The question as it stands now.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: the message names the field and the remedy.
    /// </exception>
    public async Task<Question> AskAsync(ToolCallState state, int number, PersonQuestion asked,
        CancellationToken cancellationToken)
    {
        ToolContext context = state.Request.Context;
        if (asked.Key is not { } key)
        {
            return await AskOnceAsync(state, CallHash.QuestionId(context.RunId, context.Turn, context.Call, number), asked,
                cancellationToken).ConfigureAwait(false);
        }

        string taker = string.Create(CultureInfo.InvariantCulture, $"{context.Turn}/{context.Call}/{number}");
        for (int round = 0; ; round++)
        {
            string id = CallHash.QuestionId(context.RunId, round == 0
                ? key
                : string.Create(CultureInfo.InvariantCulture, $"{key}\n{round}"));
            Question found = await AskOnceAsync(state, id, asked, cancellationToken).ConfigureAwait(false);
            if (found is { State: QuestionState.Pending, IsAltered: false })
            {
                return found;
            }

            // What a person says serves one request: the next of the same words is asked anew, and so is one that nobody
            // answered.
            found = await questions.TakeAsync(id, taker, cancellationToken).ConfigureAwait(false);
            if (found.TakenBy == taker || (found.TakenBy is null && found.Turn == context.Turn && found.Call == context.Call))
            {
                return found;
            }
        }
    }

    /// <summary>Withdraws a question that nobody has answered yet.</summary>
    /// <param name="id">The question.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task WithdrawAsync(string id, string reason, CancellationToken cancellationToken) =>
        questions.WithdrawAsync(id, reason, cancellationToken);

    private async Task<Question> AskOnceAsync(ToolCallState state, string id, PersonQuestion asked,
        CancellationToken cancellationToken)
    {
        ToolContext context = state.Request.Context;
        Question? question = (await store.FindAsync(id, cancellationToken).ConfigureAwait(false))?.Task;
        if (question is null)
        {
            question = Draft(state, id, asked,
                await leads.LeadOfAsync(state.Request, asked, cancellationToken).ConfigureAwait(false));
            await EnsureRoomAsync(context.RunId, cancellationToken).ConfigureAwait(false);
            await EnsureContextAsync(context, asked, cancellationToken).ConfigureAwait(false);
        }

        if (question is { State: QuestionState.Pending, IsAltered: false })
        {
            // An earlier pass may have died before it had told everybody.
            question = await questions.AskAsync(question, cancellationToken).ConfigureAwait(false);
        }

        await questions.NoteSteererAsync(question, cancellationToken).ConfigureAwait(false);
        if (!question.IsAwaited)
        {
            await AwaitApartAsync(question, cancellationToken).ConfigureAwait(false);
        }

        return question;
    }

    private static AgentException Bad(string message) => new(ErrorCode.ToolArgumentsInvalid, message);

    private static QuestionForm FormOf(PersonQuestion asked)
    {
        if (asked.Form is not null && asked.Choices.Count > 0)
        {
            throw Bad("choices: leave them out with a form; a form has choices of its own.");
        }

        try
        {
            return asked.Form is { } schema ? QuestionForm.Read(schema)
                : asked.Choices.Count > 0 ? QuestionForm.OfChoices(asked.Choices, asked.AllowOther)
                : QuestionForm.Words;
        }
        catch (AgentException e) when (e.Code == ErrorCode.InvalidInput)
        {
            throw Bad(asked.Form is null
                ? e.Message.Replace("form.properties.answer", "choices", StringComparison.Ordinal)
                : e.Message);
        }
    }

    /// <summary>
    /// Narrows what the policy allows: an agent cannot ask others, for longer, or have silence count as an answer.
    /// </summary>
    private static AnswerTerms TermsOf(AnswerTerms allowed, PersonQuestion asked, QuestionForm form)
    {
        if (asked.To is [AnswerTerms.LeadAgent])
        {
            // People may answer, and are told, once the lead agent has said nothing for long enough.
            TimeSpan patience = allowed.Remind < allowed.EscalateAfter ? allowed.Remind : allowed.EscalateAfter;
            allowed = allowed with { Roles = asked.To, EscalateTo = allowed.Roles, EscalateAfter = patience };
        }

        if (asked.To.FirstOrDefault(name => !allowed.Roles.Contains(name, StringComparer.Ordinal)) is { } stranger)
        {
            throw Bad($"to: '{stranger}' may not be asked here; use of: {string.Join(", ", allowed.Roles)}.");
        }

        TimeSpan expires = allowed.Expires;
        if (asked.Expires is { } text)
        {
            expires = DurationText.TryParse(text, out TimeSpan given) && given >= TimeSpan.FromMinutes(1)
                ? given < expires ? given : expires
                : throw Bad("expires: use a duration of at least a minute, such as PT4H or P2D.");
        }

        QuestionExpiry onExpiry = allowed.OnExpiry;
        if (asked.OnExpiry is { } word)
        {
            onExpiry = word switch
            {
                "tell" => QuestionExpiry.Tell,
                "fail" => QuestionExpiry.Fail,
                "default" when allowed.OnExpiry != QuestionExpiry.Default =>
                    throw Bad("onExpiry: the policy of this host takes no defaults for answers; use tell or fail."),
                "default" when form.Defaults() is null =>
                    throw Bad("onExpiry: to take defaults, each required field of the form needs one; use tell or fail."),
                "default" => QuestionExpiry.Default,
                _ => throw Bad("onExpiry: use tell, default or fail."),
            };
        }

        return allowed with
        {
            Roles = asked.To.Count == 0 ? allowed.Roles : [.. asked.To.Distinct(StringComparer.Ordinal)],
            Expires = expires,
            OnExpiry = onExpiry == QuestionExpiry.Default && form.Defaults() is null ? QuestionExpiry.Tell : onExpiry,
        };
    }

    private static QuestionUrgency UrgencyOf(string? word) => word switch
    {
        null or "normal" => QuestionUrgency.Normal,
        "low" => QuestionUrgency.Low,
        "high" => QuestionUrgency.High,
        _ => throw Bad("urgency: use low, normal or high."),
    };

    private static string Text(string? text, string field) => string.IsNullOrWhiteSpace(text) || text.Length > MaxText
        ? throw Bad($"{field}: use 1 to {MaxText} characters.") : text;

    private Question Draft(ToolCallState state, string id, PersonQuestion asked, string? lead)
    {
        ToolCallRequest request = state.Request;
        ToolContext context = request.Context;
        QuestionForm form = FormOf(asked);
        return new Question
        {
            Id = id,
            RunId = context.RunId,
            RootId = request.Lineage.Root.Id,
            Turn = context.Turn,
            Call = context.Call,
            Tool = request.Tool.Name,
            Server = asked.Server,
            Text = Text(asked.Text, "question"),
            Why = asked.Why is null ? null : Text(asked.Why, "why"),
            Form = form.Schema,
            Url = asked.Url,
            Context = asked.Context,
            Urgency = UrgencyOf(asked.Urgency),
            IsAwaited = asked.Wait,
            WakesJob = asked.WakesJob,
            Requester = request.Lineage.Root.Requester,
            Chain = request.Lineage.Chain,
            Goal = request.Run.Goal,
            Rule = state.Decision?.Rule ?? "",
            Lead = lead,
            Terms = TermsOf(state.Decision?.Answer ?? new AnswerTerms(), asked, form),
            CreatedAt = time.GetUtcNow(),
        };
    }

    private async Task EnsureRoomAsync(string runId, CancellationToken cancellationToken)
    {
        if ((await store.ListOpenAsync(runId, cancellationToken).ConfigureAwait(false)).Count >= MaxOpen)
        {
            throw Bad($"this run has {MaxOpen} open questions; wait for answers before you ask more.");
        }
    }

    private async Task EnsureContextAsync(ToolContext context, PersonQuestion asked, CancellationToken cancellationToken)
    {
        if (asked.Context.Count > MaxContext)
        {
            throw Bad($"context: name at most {MaxContext}.");
        }

        if (asked.Context.Count > 0)
        {
            IReadOnlyList<Artifact> known = await artifacts.ListAsync(context.RunId, cancellationToken).ConfigureAwait(false);
            if (asked.Context.FirstOrDefault(name => known.All(file => file.Name != name)) is { } missing)
            {
                throw Bad($"context: this run has no artifact '{missing}'.");
            }
        }
    }

    /// <summary>Has an orchestration of the question's own wait: the run goes on.</summary>
    private async Task AwaitApartAsync(Question question, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.ScheduleAsync(
                QuestionFlow.Name, new QuestionInput(question.RunId, question.Id, question.EventName),
                new StartOptions { InstanceId = question.WaiterId },
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // A pass before a crash scheduled it.
        }
    }
}
