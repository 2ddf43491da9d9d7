namespace AgentFunctions.AspNetCore;

/// <summary>An issuer whose tokens callers may send as <c>Authorization: Bearer</c>: Entra, or any other that speaks OpenID Connect.</summary>
public sealed class OidcOptions
{
    /// <summary>
    /// The issuer, exactly as its tokens name it: an https address (http on this machine alone) with
    /// <c>/.well-known/openid-configuration</c> below it; of Entra, that of one tenant.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>For whom a token must be: the audience that the issuer knows this host by.</summary>
    public string? Audience { get; set; }

    /// <summary>What callers' ids begin with, so that two issuers' callers never have one id; <c>user</c> by default.</summary>
    public string Name { get; set; } = "user";

    /// <summary>The claim that says who the caller is, such that the issuer gives it to nobody else; <c>sub</c> by default.</summary>
    public string NameClaim { get; set; } = "sub";

    /// <summary>The claim that lists the caller's roles; <c>roles</c> by default.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>
    /// The host's role for each value of <see cref="RolesClaim"/>; values that are not listed give none. By default empty: the values
    /// are the roles.
    /// </summary>
    public IDictionary<string, string> Roles { get; } = new Dictionary<string, string>();

    /// <summary>
    /// How soon after the last time a token with an unknown key makes the host ask the issuer for its keys again; 30 seconds by
    /// default, at most an hour. Known keys are asked for twice a day.
    /// </summary>
    public TimeSpan KeyRefresh { get; set; } = TimeSpan.FromSeconds(30);
}
