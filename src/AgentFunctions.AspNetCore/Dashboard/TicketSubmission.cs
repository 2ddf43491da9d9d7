namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>What a ticket is for.</summary>
internal sealed record TicketSubmission
{
    /// <summary>
    /// The path of the API that is read with it, with its query: a link that an answer gave, or one that begins with
    /// <c>/api/</c>.
    /// </summary>
    public string? Path { get; init; }
}
