using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Policies;

/// <summary>Specifies the verdict of a policy about an action.</summary>
public enum PolicyVerdict
{
    /// <summary>The action is allowed.</summary>
    Allow,

    /// <summary>The action is denied.</summary>
    Deny,

    /// <summary>A person decides about the action.</summary>
    Ask,
}

/// <summary>
/// What was decided about an action, by which rule of which policy: recorded with the step, so that a replay sees the same.
/// </summary>
/// <param name="Verdict">The answer.</param>
/// <param name="Rule">
/// The rule that gave it; <c>default:none</c>, <c>default:idempotent</c> or <c>default:notIdempotent</c> where none matched.
/// </param>
/// <param name="PolicyHash">The hash of the policy that held at that moment.</param>
internal sealed record PolicyDecision(PolicyVerdict Verdict, string Rule, string PolicyHash)
{
    /// <summary>Why, in words for the model and for people.</summary>
    public string? Reason { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Ask"/>: who may approve, and until when.</summary>
    public ApprovalTerms? Approval { get; init; }

    /// <summary>
    /// For <see cref="PolicyVerdict.Allow"/>: who may answer what the call asks people; <see langword="null"/> for the usual
    /// terms.
    /// </summary>
    public AnswerTerms? Answer { get; init; }

    /// <summary>
    /// For <see cref="PolicyVerdict.Allow"/>: the arguments to call with instead of the model's; <see langword="null"/> for the
    /// model's.
    /// </summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>For <see cref="PolicyVerdict.Allow"/>: a shorter time-out than the tool's own.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// For <see cref="PolicyVerdict.Allow"/>: the most characters that the model is shown of the result, below the tool's own
    /// limit.
    /// </summary>
    public int? ResultLimit { get; init; }

    /// <summary>Gets the data labels of what the call reads or writes.</summary>
    public IReadOnlyList<string> DataLabels { get; init; } = [];

    /// <summary>
    /// Gets the risk by which it was decided, for those who are asked; <see langword="null"/> if it was decided by the tool alone.
    /// </summary>
    [JsonIgnore]
    public RiskLevel? Risk { get; init; }
}

/// <summary>Represents the terms of an approval.</summary>
public sealed record ApprovalTerms
{
    /// <summary>Gets the roles that may approve; <c>approver</c> by default.</summary>
    public IReadOnlyList<string> Roles { get; init; } = ["approver"];

    /// <summary>Gets how many different people must approve; one by default.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Gets whether the one who asked for the run is barred from approving; false by default.</summary>
    public bool NotRequester { get; init; }

    /// <summary>Gets the time after which an undecided approval counts as denied; one day by default.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Gets how often those who may approve are told again; an hour by default.</summary>
    public TimeSpan Remind { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets the time after which <see cref="EscalateTo"/> may approve too and is notified; four hours by default. If nobody could
    /// be notified, this happens at the first reminder.
    /// </summary>
    public TimeSpan EscalateAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Gets the roles that an escalation adds; <c>admin</c> by default.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = ["admin"];

    /// <summary>
    /// Gets whether only the HTTP API, the dashboard and the program take the decision, so that a program at the other end of a
    /// protocol cannot answer for its person; false by default. In a policy it is <c>inBand: false</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsOutOfBand { get; init; }
}
