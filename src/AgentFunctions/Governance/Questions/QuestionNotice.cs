using System.Text.Json;

namespace AgentFunctions.Governance.Questions;

/// <summary>What a channel's receiver is told of a question, as the data of a notification. Evolved only by addition.</summary>
internal sealed record QuestionNotice
{
    /// <summary>Gets the question.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the run that asks.</summary>
    public required string Run { get; init; }

    /// <summary>Gets the tool server whose words the question is in; left out if the agent asks itself.</summary>
    public string? Server { get; init; }

    /// <summary>Gets the question.</summary>
    public required string Question { get; init; }

    /// <summary>Gets why it is asked.</summary>
    public string? Why { get; init; }

    /// <summary>Gets what an answer looks like, as a JSON schema.</summary>
    public required JsonElement Form { get; init; }

    /// <summary>Gets the address that the person is to open; left out for a form.</summary>
    public string? Url { get; init; }

    /// <summary>Gets the artifacts of the run that help to answer.</summary>
    public IReadOnlyList<string>? Context { get; init; }

    /// <summary>Gets how soon an answer is needed: <c>low</c>, <c>normal</c> or <c>high</c>.</summary>
    public required string Urgency { get; init; }

    /// <summary>Gets who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that asks.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>Gets the beginning of the run's goal.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets who may answer: roles, and <c>requester</c> for whoever asked for the run.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Gets when it expires (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Gets where to answer: below <c>Api:PublicUrl</c>, or without it the path alone.</summary>
    public required string Answer { get; init; }

    /// <summary>Gets where a person answers in a browser: below <c>Api:PublicUrl</c>, or without it the path alone.</summary>
    public required string Page { get; init; }
}
