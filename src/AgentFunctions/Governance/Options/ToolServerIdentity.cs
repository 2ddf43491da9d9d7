namespace AgentFunctions.Governance.Options;

/// <summary>Represents the token of the run that calls to a tool server carry as <c>Authorization: Bearer</c>.</summary>
public sealed record ToolServerIdentity
{
    /// <summary>
    /// Gets whom the token is for; <see langword="null"/>, the default, for the server's own scheme, host and port.
    /// </summary>
    public string? Audience { get; init; }

    /// <summary>Gets what calls need; a run that lacks one of them cannot call the server. None by default.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    internal string AudienceOf(Uri server) => Audience ?? server.GetLeftPart(UriPartial.Authority);
}
