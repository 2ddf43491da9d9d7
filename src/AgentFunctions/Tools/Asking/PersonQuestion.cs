using System.Text.Json;

namespace AgentFunctions.Tools.Asking;

/// <summary>Represents what a call asks people.</summary>
/// <param name="Text">The question.</param>
internal sealed record PersonQuestion(string Text)
{
    /// <summary>Gets why it is asked.</summary>
    public string? Why { get; init; }

    /// <summary>
    /// Gets what an answer looks like, as a JSON schema; <see langword="null"/> for choices, or else for words.
    /// </summary>
    public JsonElement? Form { get; init; }

    /// <summary>Gets the choices; empty for a form.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Gets whether other words can be given instead of a choice.</summary>
    public bool AllowOther { get; init; }

    /// <summary>Gets the artifacts of the run that help to answer.</summary>
    public IReadOnlyList<string> Context { get; init; } = [];

    /// <summary>
    /// Gets how soon an answer is needed: <c>low</c>, <c>normal</c> or <c>high</c>; <see langword="null"/> for the usual.
    /// </summary>
    public string? Urgency { get; init; }

    /// <summary>Gets who of those who may answer is asked; empty for all.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>Gets after which time it expires, as text; <see langword="null"/> for what the policy says.</summary>
    public string? Expires { get; init; }

    /// <summary>
    /// Gets what becomes of it then: <c>tell</c>, <c>default</c> or <c>fail</c>; <see langword="null"/> for what the policy says.
    /// </summary>
    public string? OnExpiry { get; init; }

    /// <summary>Gets whether the call waits for the answer; otherwise it comes as a message.</summary>
    public bool Wait { get; init; } = true;

    /// <summary>Gets whether an answer makes a job look at its work, which goes on in the meantime.</summary>
    public bool WakesJob { get; init; }

    /// <summary>
    /// Gets what makes it the same question in every call of the run; <see langword="null"/> for one of this call alone.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Gets the tool server whose words the question is in; <see langword="null"/> if the agent asks itself.</summary>
    public string? Server { get; init; }

    /// <summary>Gets the address that the person is to open; <see langword="null"/> for a form.</summary>
    public string? Url { get; init; }
}

/// <summary>Specifies what became of a question.</summary>
internal enum PersonVerdict
{
    /// <summary>Nobody has answered yet.</summary>
    Waits,

    /// <summary>A person answered, or the defaults were taken.</summary>
    Answered,

    /// <summary>A person declined.</summary>
    Declined,

    /// <summary>Nobody answered in time.</summary>
    Expired,

    /// <summary>No answer is needed any more.</summary>
    Withdrawn,
}

/// <summary>Represents what became of a question.</summary>
/// <param name="Id">The question.</param>
/// <param name="Verdict">What became of it.</param>
internal sealed record PersonAnswer(string Id, PersonVerdict Verdict)
{
    /// <summary>Gets the answers by the names of the fields; <see langword="null"/> unless it was answered.</summary>
    public JsonElement? Answers { get; init; }

    /// <summary>Gets the answers as text.</summary>
    public string Text { get; init; } = "";

    /// <summary>Gets who answered or declined; <see langword="null"/> if nobody did.</summary>
    public string? By { get; init; }

    /// <summary>Gets who answered or declined and by which role, for the model.</summary>
    public string? Who { get; init; }

    /// <summary>Gets what was said by who declined, or why it was withdrawn.</summary>
    public string? Words { get; init; }

    /// <summary>Gets whether nobody answered and the defaults of the form were taken.</summary>
    public bool IsByDefault { get; init; }

    /// <summary>Gets whether the call is to fail if nobody answered.</summary>
    public bool FailsOnExpiry { get; init; }

    /// <summary>Gets when it expires or ended (UTC).</summary>
    public DateTimeOffset At { get; init; }
}
