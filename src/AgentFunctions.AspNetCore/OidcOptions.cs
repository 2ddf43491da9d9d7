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
    /// Gets or sets the client id under which the dashboard is registered at the issuer: a public client (single-page
    /// application) with the redirect address <c>…/dashboard/signed-in</c>, which signs people in by authorization code and PKCE.
    /// </summary>
    /// <value>The default is <see langword="null"/>: the dashboard offers no sign-in at this issuer.</value>
    public string? DashboardClientId { get; set; }

    /// <summary>
    /// Gets or sets what the dashboard asks the issuer for, separated by spaces; its tokens must carry <see cref="Audience"/>.
    /// For Entra, for instance, <c>openid offline_access api://HOST/access</c>.
    /// </summary>
    /// <value>The default is <c>openid offline_access</c>.</value>
    public string DashboardScope { get; set; } = "openid offline_access";

    /// <summary>
    /// Gets or sets the least time between two requests for the issuer's keys because of a token with an unknown key; 30 seconds
    /// by default, at most an hour. Known keys are refreshed twice a day.
    /// </summary>
    public TimeSpan KeyRefresh { get; set; } = TimeSpan.FromSeconds(30);
}
