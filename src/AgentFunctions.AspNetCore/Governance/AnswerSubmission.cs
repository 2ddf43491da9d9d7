using System.Text.Json;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What a person says to a question: one of the two.</summary>
internal sealed record AnswerSubmission
{
    /// <summary>The answers, by the names of the fields of the form.</summary>
    public JsonElement? Answers { get; init; }

    /// <summary>Words for the agent instead of an answer; empty for none. At most 4,000 characters.</summary>
    public string? Decline { get; init; }
}
