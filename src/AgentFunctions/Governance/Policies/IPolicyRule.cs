using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>A rule written in C#. Asked before the rules of the files, in the order of registration.</summary>
/// <remarks>Must be quick, must not wait, and must decide by the context alone: what it answers is recorded, not asked again.</remarks>
public interface IPolicyRule
{
    /// <summary>The name that decisions and refusals show.</summary>
    string Name { get; }

    /// <summary>What the rule's code means, for the policy's hash: change it with the code, for instance to <c>2</c>.</summary>
    string Version => "1";

    /// <summary>Answers about an action; <see langword="null"/> if the rule does not apply.</summary>
    /// <param name="action">The action.</param>
    PolicyAnswer? Decide(ActionContext action);
}

/// <summary>What one rule answers.</summary>
/// <param name="Verdict">The answer.</param>
public sealed record PolicyAnswer(PolicyVerdict Verdict)
{
    /// <summary>Why, in words for the model and for people.</summary>
    public string? Reason { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Ask"/>: the terms.</summary>
    public ApprovalTerms? Approval { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: who may answer what the call asks people; <see langword="null"/> for the usual terms.</summary>
    public AnswerTerms? Answer { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: argument values to set, by name, over the model's.</summary>
    public IReadOnlyDictionary<string, JsonElement> Set { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: the most that numeric arguments may be, by name; what is more is lowered.</summary>
    public IReadOnlyDictionary<string, decimal> AtMost { get; init; } = new Dictionary<string, decimal>();

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: a shorter time-out than the tool's own.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: the most characters that the model is shown of the result.</summary>
    public int? ResultLimit { get; init; }
}
