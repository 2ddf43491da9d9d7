namespace AgentFunctions.Governance.Identity;

/// <summary>That calls to a tool server carry the run's token, as <c>Authorization: Bearer</c>, and which one.</summary>
public sealed record ToolServerIdentity
{
    /// <summary>Whom the token is for; <see langword="null"/>, the default, for the server's own scheme, host and port.</summary>
    public string? Audience { get; init; }

    /// <summary>What calls need; a run that lacks one of them cannot call the server. None by default.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    internal string AudienceOf(Uri server) => Audience ?? server.GetLeftPart(UriPartial.Authority);
}

/// <summary>A server that the requests of <see cref="Tools.ToolContext.Http"/> carry tokens to. Read from <c>Governance:Identity:*</c>.</summary>
public sealed class IdentifiedServer
{
    /// <summary>Its scheme, host and port, for instance <c>https://orders.corp.example</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>Whom the tokens are for; <see langword="null"/>, the default, for <see cref="Address"/>.</summary>
    public string? Audience { get; set; }

    /// <summary>What calls need. None by default.</summary>
    public IList<string> Scopes { get; } = [];

    internal bool Serves(Uri request) => Address is not null && Uri.Compare(
        request, Address, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
