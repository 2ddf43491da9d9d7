using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// Represents a policy rule in C#. Such rules are asked before those of policy files, in the order of registration.
/// </summary>
/// <remarks>
/// Must be quick, must not wait, and must decide by the context alone: what it answers is recorded, not asked again.
/// </remarks>
public interface IPolicyRule
{
    /// <summary>Gets the name that decisions and refusals show.</summary>
    string Name { get; }

    /// <summary>
    /// Gets the version of the rule's code, which is part of the policy's hash. Change it with the code, for example to <c>2</c>.
    /// </summary>
    string Version => "1";

    /// <summary>Decides about an action; <see langword="null"/> if the rule does not apply.</summary>
    /// <param name="action">The action.</param>
    PolicyAnswer? Decide(ActionContext action);
}

/// <summary>Represents the answer of a rule.</summary>
/// <param name="Verdict">The answer.</param>
public sealed record PolicyAnswer(PolicyVerdict Verdict)
{
    /// <summary>Gets the reason, for the model and for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets the terms of the approval, for <see cref="PolicyVerdict.Ask"/>.</summary>
    public ApprovalTerms? Approval { get; init; }

    /// <summary>
    /// For <see cref="PolicyVerdict.Allow"/>: who may answer what the call asks people; <see langword="null"/> for the usual
    /// terms.
    /// </summary>
    public AnswerTerms? Answer { get; init; }

    /// <summary>Gets argument values by name that replace the model's, for <see cref="PolicyVerdict.Allow"/>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Set { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// Gets the maximum of numeric arguments by name, for <see cref="PolicyVerdict.Allow"/>. Greater values are lowered to it.
    /// </summary>
    public IReadOnlyDictionary<string, decimal> AtMost { get; init; } = new Dictionary<string, decimal>();

    /// <summary>Gets a shorter time-out than the tool's own, for <see cref="PolicyVerdict.Allow"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Gets the most characters of the result that the model is shown, for <see cref="PolicyVerdict.Allow"/>.</summary>
    public int? ResultLimit { get; init; }
}
