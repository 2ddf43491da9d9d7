namespace AgentFunctions.AspNetCore;

/// <summary>
/// Represents an OpenID Connect issuer, such as Entra, whose tokens callers may send as <c>Authorization: Bearer</c>.
/// </summary>
public sealed class OidcOptions
{
    /// <summary>
    /// Gets or sets the issuer exactly as its tokens name it: an https address (http on this machine only) with
    /// <c>/.well-known/openid-configuration</c> below it. For Entra, that of one tenant.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>Gets or sets the audience that a token must name: the identifier of this host at the issuer.</summary>
    public string? Audience { get; set; }

    /// <summary>
    /// Gets or sets the prefix of callers' ids, which keeps callers of two issuers apart; <c>user</c> by default.
    /// </summary>
    public string Name { get; set; } = "user";

    /// <summary>Gets or sets the claim that identifies the caller uniquely at the issuer; <c>sub</c> by default.</summary>
    public string NameClaim { get; set; } = "sub";

    /// <summary>Gets or sets the claim that lists the caller's roles; <c>roles</c> by default.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>
    /// Gets the role of the host for each value of <see cref="RolesClaim"/>; values that are not listed give no role. Empty by
    /// default: the values are the roles.
    /// </summary>
    public IDictionary<string, string> Roles { get; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets or sets the least time between two requests for the issuer's keys because of a token with an unknown key; 30 seconds
    /// by default, at most an hour. Known keys are refreshed twice a day.
    /// </summary>
    public TimeSpan KeyRefresh { get; set; } = TimeSpan.FromSeconds(30);
}
