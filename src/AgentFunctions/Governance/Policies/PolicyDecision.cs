using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>What a policy answers about an action.</summary>
public enum PolicyVerdict
{
    /// <summary>It may happen.</summary>
    Allow,

    /// <summary>It must not happen.</summary>
    Deny,

    /// <summary>A person decides.</summary>
    Ask,
}

/// <summary>What was decided about an action, by which rule of which policy: recorded with the step, so that a replay sees the same.</summary>
/// <param name="Verdict">The answer.</param>
/// <param name="Rule">The rule that gave it; <c>default:none</c>, <c>default:idempotent</c> or <c>default:notIdempotent</c> where none matched.</param>
/// <param name="PolicyHash">The hash of the policy that held at that moment.</param>
internal sealed record PolicyDecision(PolicyVerdict Verdict, string Rule, string PolicyHash)
{
    /// <summary>Why, in words for the model and for people.</summary>
    public string? Reason { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Ask"/>: who may approve, and until when.</summary>
    public ApprovalTerms? Approval { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: who may answer what the call asks people; <see langword="null"/> for the usual terms.</summary>
    public AnswerTerms? Answer { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: the arguments to call with instead of the model's; <see langword="null"/> for the model's.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: a shorter time-out than the tool's own.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: the most characters that the model is shown of the result, below the tool's own limit.</summary>
    public int? ResultLimit { get; init; }

    /// <summary>Gets the data labels of what the call reads or writes.</summary>
    public IReadOnlyList<string> DataLabels { get; init; } = [];
}

/// <summary>Under which terms a person may approve a call.</summary>
public sealed record ApprovalTerms
{
    /// <summary>Gets the roles that may approve; <c>approver</c> by default.</summary>
    public IReadOnlyList<string> Roles { get; init; } = ["approver"];

    /// <summary>Gets how many different people must approve; one by default.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Gets whether the one who asked for the run is barred from approving; false by default.</summary>
    public bool NotRequester { get; init; }

    /// <summary>After this time an undecided request counts as denied; a day by default.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Gets how often those who may approve are told again; an hour by default.</summary>
    public TimeSpan Remind { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// After this time, or at the first reminder where nobody could be told, <see cref="EscalateTo"/> may approve too and is
    /// told; four hours by default.
    /// </summary>
    public TimeSpan EscalateAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Gets the roles that an escalation adds; <c>admin</c> by default.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = ["admin"];
}
