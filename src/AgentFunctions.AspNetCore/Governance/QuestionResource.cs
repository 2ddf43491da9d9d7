using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What a run asks, or asked, people. Secrets are masked.</summary>
internal sealed record QuestionResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The run that asks.</summary>
    public required string Run { get; init; }

    /// <summary>The turn of the call that asks.</summary>
    public required int Turn { get; init; }

    /// <summary>The number of the call within its turn, from 0.</summary>
    public required int Call { get; init; }

    /// <summary>Where it stands.</summary>
    public required QuestionState State { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>Why it is asked, in the words of the agent.</summary>
    public string? Why { get; init; }

    /// <summary>The tool server whose words the question is in; left out if the agent asks itself.</summary>
    public string? Server { get; init; }

    /// <summary>
    /// What an answer looks like, as a JSON schema: a flat object of at most ten fields. Never type a password here.
    /// </summary>
    public required JsonElement Form { get; init; }

    /// <summary>The address to open; the answers are then an empty object, once that is done. Left out for a form.</summary>
    public string? Url { get; init; }

    /// <summary>The artifacts of the run that help to answer.</summary>
    public required IReadOnlyList<string> Context { get; init; }

    /// <summary>How soon an answer is needed.</summary>
    public required QuestionUrgency Urgency { get; init; }

    /// <summary>Whether the run waits for the answer; otherwise it comes to it as a message.</summary>
    public required bool Awaited { get; init; }

    /// <summary>Who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>The agents that delegated, from the root to the one that asks.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>The goal of the run.</summary>
    public required string Goal { get; init; }

    /// <summary>The rule that lets it be asked.</summary>
    public required string Rule { get; init; }

    /// <summary>Who may answer now: roles, and <c>requester</c> for whoever asked for the run.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Whether this caller may answer.</summary>
    public required bool Mine { get; init; }

    /// <summary>When it was asked.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it expires.</summary>
    public required DateTime ExpiresAt { get; init; }

    /// <summary>When it was answered, declined, expired or withdrawn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? EndedAt { get; init; }

    /// <summary>What was answered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Answers { get; init; }

    /// <summary>Who answered or declined; <c>default</c> if nobody did and the defaults of the form were taken.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? By { get; init; }

    /// <summary>What was said by who declined, or why it was withdrawn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Words { get; init; }

    public static QuestionResource Of(Question question, Caller caller) => new()
    {
        Id = question.Id,
        Run = question.RunId,
        Turn = question.Turn,
        Call = question.Call,
        State = question.State,
        Question = question.Text,
        Why = question.Why,
        Server = question.Server,
        Form = question.Form,
        Url = question.Url,
        Context = question.Context,
        Urgency = question.Urgency,
        Awaited = question.IsAwaited,
        Requester = question.Requester,
        Chain = question.Chain,
        Goal = question.Goal,
        Rule = question.Rule,
        Roles = question.Roles,
        Mine = question.State == QuestionState.Pending && question.MayBeAnsweredBy(caller),
        CreatedAt = question.CreatedAt.UtcDateTime,
        ExpiresAt = question.ExpiresAt.UtcDateTime,
        EndedAt = question.EndedAt?.UtcDateTime,
        Answers = question.Answers,
        By = question.IsByDefault ? "default" : question.By,
        Words = question.Words,
    };
}

/// <summary>Questions.</summary>
/// <param name="Items">The questions.</param>
internal sealed record QuestionListResource(IReadOnlyList<QuestionResource> Items);
