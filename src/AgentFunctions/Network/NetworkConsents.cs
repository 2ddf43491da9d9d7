namespace AgentFunctions.Network;

/// <summary>
/// What an operator's own configuration names for one purpose: whoever writes <c>http://localhost:3000</c> into it means that
/// very host and port, and no other.
/// </summary>
/// <param name="Client">The name of the HTTP client that it holds for.</param>
/// <param name="Hosts">The hosts, each with its port.</param>
internal sealed record NetworkConsents(string Client, IReadOnlyList<(string Host, int Port)> Hosts);
