namespace AgentFunctions.AspNetCore.Security;

/// <summary>A caller, and how it is known.</summary>
/// <param name="Caller">The caller.</param>
/// <param name="IsExplicit">
/// Whether the program that made the request put the credentials into it. What a browser adds by itself, such as a cookie, or an
/// address, is also there when a page of another origin makes the request.
/// </param>
internal sealed record RecognisedCaller(Caller Caller, bool IsExplicit)
{
    /// <summary>Gets whether it is known by a ticket for the one address that is read.</summary>
    public bool IsByTicket { get; init; }
}
