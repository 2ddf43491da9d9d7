namespace AgentFunctions.AspNetCore.Governance;

/// <summary>An API key, without what it is.</summary>
/// <param name="Name">The holder.</param>
/// <param name="Roles">The roles.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record KeyResource(string Name, IReadOnlyList<string> Roles, DateTime CreatedAt);

/// <summary>API keys.</summary>
/// <param name="Items">The keys.</param>
internal sealed record KeyListResource(IReadOnlyList<KeyResource> Items);

/// <summary>An API key, this once.</summary>
/// <param name="Name">The holder.</param>
/// <param name="Roles">The roles.</param>
/// <param name="Key">The key.</param>
internal sealed record NewKeyResource(string Name, IReadOnlyList<string> Roles, string Key);
