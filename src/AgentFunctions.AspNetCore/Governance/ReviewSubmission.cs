namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Which changes have been reviewed.</summary>
internal sealed record ReviewSubmission
{
    /// <summary>The changes; left out for all of the run.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Only changes of this run.</summary>
    public string? Run { get; init; }

    /// <summary>What is to be said of them, for the audit log; at most 4,000 characters.</summary>
    public string? Comment { get; init; }
}
