namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What is to be kept.</summary>
internal sealed record HoldSubmission
{
    /// <summary>The run whose tree is kept; left out for any.</summary>
    public string? Run { get; init; }

    /// <summary>The label of the runs that are kept: a name, or <c>name=value</c>; left out for any.</summary>
    public string? Label { get; init; }

    /// <summary>The agent whose runs are kept; left out for any.</summary>
    public string? Agent { get; init; }

    /// <summary>Who asked for the runs that are kept; left out for anybody.</summary>
    public string? Requester { get; init; }

    /// <summary>Why; at most 1,000 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>When it ends by itself; left out for never.</summary>
    public DateTimeOffset? Until { get; init; }
}
