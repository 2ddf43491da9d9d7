namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>An address that a browser can follow without credentials.</summary>
/// <param name="Url">The address, as its path was given.</param>
/// <param name="ExpiresAt">Until when it is good (UTC).</param>
internal sealed record TicketResource(string Url, DateTime ExpiresAt);
