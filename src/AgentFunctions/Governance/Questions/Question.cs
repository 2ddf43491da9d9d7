using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Governance.Questions;

/// <summary>Specifies where a question stands.</summary>
public enum QuestionState
{
    /// <summary>The question waits for an answer.</summary>
    Pending,

    /// <summary>A person answered, or the defaults of the form were taken; see <see cref="Question.IsByDefault"/>.</summary>
    Answered,

    /// <summary>A person declined to answer.</summary>
    Declined,

    /// <summary>Nobody answered in time.</summary>
    Expired,

    /// <summary>No answer is needed any more: the run has ended, or was stopped.</summary>
    Withdrawn,
}

/// <summary>Specifies how soon an answer is needed.</summary>
public enum QuestionUrgency
{
    /// <summary>The answer can wait.</summary>
    Low,

    /// <summary>The default.</summary>
    Normal,

    /// <summary>Before others.</summary>
    High,
}

/// <summary>Represents a question of a run to people.</summary>
public sealed record Question : IHumanTask<Question>
{
    /// <summary>Gets the id.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the run that asks.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the root of the run's tree.</summary>
    public required string RootId { get; init; }

    /// <summary>Gets the turn of the call that asks.</summary>
    public required int Turn { get; init; }

    /// <summary>Gets the number of the call within its turn.</summary>
    public required int Call { get; init; }

    /// <summary>Gets the tool that asks.</summary>
    public required string Tool { get; init; }

    /// <summary>Gets the tool server whose words the question is in; <see langword="null"/> if the agent asks itself.</summary>
    public string? Server { get; init; }

    /// <summary>Gets the question.</summary>
    public required string Text { get; init; }

    /// <summary>Gets why it is asked, in the words of the agent; <see langword="null"/> if it did not say.</summary>
    public string? Why { get; init; }

    /// <summary>Gets what an answer looks like, as a JSON schema; see <see cref="QuestionForm"/>.</summary>
    public required JsonElement Form { get; init; }

    /// <summary>
    /// Gets the address that the person is to open, after which nothing but that it was done is answered; <see langword="null"/>
    /// for a form.
    /// </summary>
    public string? Url { get; init; }

    /// <summary>Gets the artifacts of the run that help to answer.</summary>
    public IReadOnlyList<string> Context { get; init; } = [];

    /// <summary>Gets how soon an answer is needed.</summary>
    public QuestionUrgency Urgency { get; init; } = QuestionUrgency.Normal;

    /// <summary>Gets whether the call that asks waits for the answer; otherwise it comes as a message.</summary>
    public bool IsAwaited { get; init; }

    /// <summary>Gets who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that asks.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>Gets the goal of the run.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets the rule that lets it be asked.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets who may answer, and until when.</summary>
    public required AnswerTerms Terms { get; init; }

    /// <summary>Gets when it was asked (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets when it expires (UTC).</summary>
    public DateTimeOffset ExpiresAt => CreatedAt + Terms.Expires;

    /// <summary>Gets where it stands.</summary>
    public QuestionState State { get; init; }

    /// <summary>Gets what was answered, by the names of the fields; <see langword="null"/> unless it was.</summary>
    public JsonElement? Answers { get; init; }

    /// <summary>Gets who answered or declined.</summary>
    public string? By { get; init; }

    /// <summary>Gets by which of the roles; <c>requester</c> for whoever asked for the run.</summary>
    public string? Role { get; init; }

    /// <summary>Gets the words of who declined, or <see langword="null"/>.</summary>
    public string? Words { get; init; }

    /// <summary>Gets when it was answered, declined, expired or withdrawn (UTC).</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Gets whether nobody answered and the defaults of the form were taken, as the policy says.</summary>
    public bool IsByDefault { get; init; }

    /// <summary>Gets whether its record was altered outside the host: nothing that it says counts.</summary>
    [JsonPropertyName("altered")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsAltered { get; init; }

    /// <summary>Gets whom it was told to, and how.</summary>
    public IReadOnlyList<string> ToldTo { get; init; } = [];

    /// <summary>Gets how often it was told.</summary>
    public int Reminders { get; init; }

    /// <summary>Gets when it is told again (UTC).</summary>
    public DateTimeOffset RemindAt { get; init; }

    /// <summary>Gets when it went to further roles (UTC).</summary>
    public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>Gets who may answer now: roles, and <c>requester</c> for whoever asked for the run.</summary>
    public IReadOnlyList<string> Roles => EscalatedAt is null ? Terms.Roles : [.. Terms.Roles.Union(Terms.EscalateTo)];

    /// <summary>Gets the run of the lead agent that is asked in place of people; <see langword="null"/> if people are.</summary>
    [JsonInclude]
    internal string? Lead { get; init; }

    /// <summary>Gets from where on the audit log may tell of its end; <see langword="null"/> for its beginning.</summary>
    [JsonInclude]
    internal long? AuditFrom { get; init; }

    /// <summary>
    /// Gets which request of a call took the answer, where several calls may ask the same; each answer serves one.
    /// </summary>
    [JsonInclude]
    internal string? TakenBy { get; init; }

    /// <summary>Gets whether an answer makes a job look at its work, which goes on in the meantime.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool WakesJob { get; init; }

    /// <summary>Gets the name of the event that wakes whoever waits.</summary>
    internal string EventName => WakesJob ? string.Create(CultureInfo.InvariantCulture, $"job:{Turn}:{Call}") : $"question:{Id}";

    /// <summary>Gets the orchestration that waits: the run, or one of the question's own.</summary>
    internal string WaiterId => IsAwaited ? RunId : WaiterOf(Id);

    /// <summary>Gets the orchestration of its own that waits for the answer to a question.</summary>
    /// <param name="id">The question.</param>
    internal static string WaiterOf(string id) => $"question.{id}";

    /// <summary>Gets whether a lead agent answered or declined, and no person.</summary>
    internal bool IsOfLead => Lead is not null && Role == AnswerTerms.LeadAgent;

    bool IHumanTask<Question>.IsPending => State == QuestionState.Pending;

    HumanTaskTimers IHumanTask<Question>.Timers => new(Terms.Remind, Terms.EscalateAfter);

    /// <summary>Gets whether a caller may answer now.</summary>
    /// <param name="caller">The caller.</param>
    public bool MayBeAnsweredBy(Caller caller) => RoleOf(caller) is not null;

    /// <summary>Gets by which of the roles a caller may answer; <see langword="null"/> if it may not.</summary>
    internal string? RoleOf(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.IsRun ? Lead is { } lead && caller.Id == Caller.OfRun(lead).Id ? AnswerTerms.LeadAgent : null
            : Roles.Contains(AnswerTerms.Requester) && caller.Id == Requester ? AnswerTerms.Requester
            : Roles.FirstOrDefault(role => role is not (AnswerTerms.Requester or AnswerTerms.LeadAgent) && caller.Has(role));
    }

    Question IHumanTask<Question>.RemindedAt(DateTimeOffset at) => this with { RemindAt = at };

    Question IHumanTask<Question>.Expire(DateTimeOffset at) =>
        Terms.OnExpiry == QuestionExpiry.Default && Url is null && QuestionForm.Read(Form).Defaults() is { } defaults
            ? this with { State = QuestionState.Answered, Answers = defaults, IsByDefault = true, EndedAt = at }
            : this with { State = QuestionState.Expired, EndedAt = at };

    Question IHumanTask<Question>.Withdraw() => this with { State = QuestionState.Withdrawn };

    Question IHumanTask<Question>.EndedAfter(long auditFrom) => this with { AuditFrom = auditFrom };

    Question IHumanTask<Question>.Escalate(DateTimeOffset at) => this with { EscalatedAt = at };

    Question IHumanTask<Question>.Told(IReadOnlyList<HumanTaskDelivery> deliveries, DateTimeOffset remindAt) => this with
    {
        ToldTo = [.. ToldTo.Union(deliveries.Where(static delivery => delivery.Error is null)
            .Select(static delivery => delivery.To))],
        Reminders = Reminders + 1,
        RemindAt = remindAt,
    };
}
