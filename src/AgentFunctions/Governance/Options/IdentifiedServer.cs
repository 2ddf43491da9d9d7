namespace AgentFunctions.Governance.Options;

/// <summary>
/// Represents a server to which the requests of a tool's own client carry tokens, bound to <c>Governance:Identity:*</c>.
/// </summary>
public sealed class IdentifiedServer
{
    /// <summary>Gets or sets its scheme, host and port, for instance <c>https://orders.corp.example</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>Gets or sets whom the tokens are for; <see langword="null"/>, the default, for <see cref="Address"/>.</summary>
    public string? Audience { get; set; }

    /// <summary>Gets what calls need. None by default.</summary>
    public IList<string> Scopes { get; } = [];

    internal bool Serves(Uri request) => Address is not null && Uri.Compare(
        request, Address, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
