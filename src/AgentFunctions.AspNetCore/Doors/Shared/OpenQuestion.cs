using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Something that a run waits for people to say: an approval or a question.</summary>
internal sealed record OpenQuestion
{
    /// <summary>Gets the id, which no other approval or question has.</summary>
    public string Id => Approval?.Id ?? Question!.Id;

    /// <summary>Gets the tool of the call.</summary>
    public string Tool => Approval?.Tool ?? Question!.Tool;

    /// <summary>Gets who may answer, in names of roles.</summary>
    public IReadOnlyList<string> Roles => Approval?.Roles ?? Question!.Roles;

    /// <summary>Gets the approval, or <see langword="null"/>.</summary>
    public Approval? Approval { get; init; }

    /// <summary>Gets the question, or <see langword="null"/>.</summary>
    public Question? Question { get; init; }

    /// <summary>Gets whether the caller who looks may answer it by a door.</summary>
    public required bool MayAnswer { get; init; }
}
