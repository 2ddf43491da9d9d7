namespace AgentFunctions.Governance.Policies;

/// <summary>Who deals with a call whose outcome nobody can tell.</summary>
internal enum UnknownOutcomeAnswer
{
    /// <summary>The model: it is told.</summary>
    Tell,

    /// <summary>A person: asked whether to make the call again.</summary>
    Ask,
}

/// <summary>Says who deals with a call that was made and cut off, so that nobody can tell whether it took effect.</summary>
/// <param name="Name">Its name: the question shows it.</param>
/// <param name="When">Which calls.</param>
/// <param name="Terms">Who is asked; <see langword="null"/> if the model is told.</param>
internal sealed record UnknownOutcomeRule(string Name, PolicyCondition When, ApprovalTerms? Terms);
