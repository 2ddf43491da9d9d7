namespace AgentFunctions.Governance.Options;

/// <summary>A server that the requests of a tool's own client carry tokens to. Read from <c>Governance:Identity:*</c>.</summary>
public sealed class IdentifiedServer
{
    /// <summary>Its scheme, host and port, for instance <c>https://orders.corp.example</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>Whom the tokens are for; <see langword="null"/>, the default, for <see cref="Address"/>.</summary>
    public string? Audience { get; set; }

    /// <summary>Gets what calls need. None by default.</summary>
    public IList<string> Scopes { get; } = [];

    internal bool Serves(Uri request) => Address is not null && Uri.Compare(
        request, Address, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
