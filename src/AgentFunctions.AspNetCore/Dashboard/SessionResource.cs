using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>Who calls, and how a person can sign in.</summary>
/// <param name="Caller">Who calls; null if the credentials are missing or wrong.</param>
/// <param name="Required">Whether a call without credentials is refused.</param>
/// <param name="Ways">How a person can sign in; empty if nothing is required.</param>
internal sealed record SessionResource(SessionCallerResource? Caller, bool Required, IReadOnlyList<SignInResource> Ways)
{
    /// <summary>What serves; only for a caller that is recognised.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionHostResource? Host { get; init; }
}

/// <summary>A caller.</summary>
/// <param name="Id">The id that separation of duties and the audit log go by.</param>
/// <param name="Roles">The roles; <c>*</c> for all of them.</param>
internal sealed record SessionCallerResource(string Id, IReadOnlyList<string> Roles);

/// <summary>A way to sign in.</summary>
/// <param name="Kind">
/// <c>key</c>: type a key. <c>oidc</c>: at an issuer, by authorization code and PKCE. <c>platform</c> or <c>app</c>: at
/// <c>login</c>.
/// </param>
internal sealed record SignInResource(string Kind)
{
    /// <summary>The name of the issuer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>The issuer's address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Authority { get; init; }

    /// <summary>The id under which the dashboard is registered there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientId { get; init; }

    /// <summary>The scope to ask the issuer for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>The path of this host at which one signs in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Login { get; init; }
}

/// <summary>What serves.</summary>
/// <param name="Version">The version of the library.</param>
/// <param name="Engine">
/// <c>embedded</c> for the engine in this process, <c>shared</c> for one that several instances share.
/// </param>
/// <param name="Rehearsal">Whether the scripted rehearsal model serves: no real one speaks.</param>
internal sealed record SessionHostResource(string Version, string Engine, bool Rehearsal)
{
    /// <summary>The exported run that is shown; nothing can be changed then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionExportResource? Export { get; init; }
}

/// <summary>An exported run.</summary>
/// <param name="Run">The root of its tree.</param>
/// <param name="At">When it was exported (UTC).</param>
/// <param name="By">Who asked for it.</param>
internal sealed record SessionExportResource(string Run, DateTime At, string By);
