using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Something that a run waits for people to say: an approval or a question.</summary>
internal sealed record OpenQuestion
{
    /// <summary>Gets the id, which no other approval or question has.</summary>
    public string Id => Approval?.Id ?? Question!.Id;

    /// <summary>Gets the run that waits; it may be a sub-agent.</summary>
    public string RunId => Approval?.RunId ?? Question!.RunId;

    /// <summary>Gets the turn of the call that waits.</summary>
    public int Turn => Approval?.Turn ?? Question!.Turn;

    /// <summary>Gets the number of the call within its turn.</summary>
    public int Call => Approval?.Call ?? Question!.Call;

    /// <summary>Gets the tool of the call.</summary>
    public string Tool => Approval?.Tool ?? Question!.Tool;

    /// <summary>Gets who may answer, in names of roles.</summary>
    public IReadOnlyList<string> Roles => Approval?.Roles ?? Question!.Roles;

    /// <summary>Gets until when it can be answered (UTC).</summary>
    public DateTimeOffset ExpiresAt => Approval?.ExpiresAt ?? Question!.ExpiresAt;

    /// <summary>Gets the approval, or <see langword="null"/>.</summary>
    public Approval? Approval { get; init; }

    /// <summary>Gets the question, or <see langword="null"/>.</summary>
    public Question? Question { get; init; }

    /// <summary>Gets whether the caller who looks may answer it by a door.</summary>
    public required bool MayAnswer { get; init; }
}
