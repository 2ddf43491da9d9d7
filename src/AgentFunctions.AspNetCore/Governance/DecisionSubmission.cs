using System.Text.Json;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What a person says about an approval.</summary>
internal enum Decision
{
    /// <summary>The call may be made.</summary>
    Approve,

    /// <summary>It must not be made.</summary>
    Deny,
}

/// <summary>A decision about an approval.</summary>
internal sealed record DecisionSubmission
{
    /// <summary>Whether the call may be made.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Why; the model reads it. At most 4,000 characters.</summary>
    public string? Comment { get; init; }

    /// <summary>Arguments to call with instead of the model's.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>
    /// A merge patch (RFC 7396) for the arguments, which leaves masked parts as they are. Use either this or <c>arguments</c>,
    /// and only to approve one call.
    /// </summary>
    public JsonElement? Edits { get; init; }

    /// <summary>
    /// The hash of the call that the person was shown; if the call has another one, the answer is 409. Without it, the answer is
    /// 409 to a yes where somebody else has changed the arguments, unless they are sent along.
    /// </summary>
    public string? CallHash { get; init; }

    /// <summary>
    /// Whether to decide similar ones alike: those in seen, else those that were asked no later than this one. False by default.
    /// </summary>
    public bool Similar { get; init; }

    /// <summary>
    /// With similar: the ids of the approvals that the person was shown, at most 1,000. No other one is decided.
    /// </summary>
    public IReadOnlyList<string>? Seen { get; init; }
}

/// <summary>One decision about several approvals.</summary>
internal sealed record DecisionsSubmission
{
    /// <summary>The approvals; at most 50.</summary>
    public required IReadOnlyList<string> Ids { get; init; }

    /// <summary>Whether the calls may be made.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Why; the models read it. At most 4,000 characters.</summary>
    public string? Comment { get; init; }

    /// <summary>
    /// The hashes of the calls that the person was shown, by id of the approval; a call with another hash is not decided,
    /// nor one without a hash whose arguments somebody else has changed.
    /// </summary>
    public Dictionary<string, string>? Hashes { get; init; }
}
