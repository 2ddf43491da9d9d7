namespace AgentFunctions.Conformance.ToolServers;

/// <summary>
/// The scenarios of the conformance suite for clients, by the version of the protocol, and those that are left out, each with its
/// reason.
/// </summary>
internal static class ClientScenarios
{
    private const string First = "2025-06-18";
    private const string Older = "2025-11-25";
    private const string Newest = "2026-07-28";

    private static readonly string[] OfBoth =
    [
        "tools_call", "json-schema-2020-12-preservation", "auth/metadata-default", "auth/metadata-var1", "auth/metadata-var2",
        "auth/metadata-var3", "auth/basic-cimd", "auth/scope-from-www-authenticate", "auth/scope-from-scopes-supported",
        "auth/scope-omitted-when-undefined", "auth/scope-step-up", "auth/scope-retry-limit", "auth/token-endpoint-auth-basic",
        "auth/token-endpoint-auth-post", "auth/token-endpoint-auth-none", "auth/pre-registration",
    ];

    private static readonly string[] OfTheNewest =
    [
        "request-metadata", "auth/resource-mismatch", "auth/offline-access-scope", "auth/offline-access-not-supported",
        "auth/authorization-server-migration", "auth/iss-supported", "auth/iss-not-advertised", "auth/iss-supported-missing",
        "auth/iss-wrong-issuer", "auth/iss-unexpected", "auth/iss-normalized", "auth/metadata-issuer-mismatch",
        "sep-2322-client-request-state", "http-standard-headers", "http-custom-headers", "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
    ];

    /// <summary>Gets the scenarios that a client must pass: the version (none for an extension) and the name.</summary>
    public static IReadOnlyList<(string? Version, string Name)> Passed { get; } =
    [
        ("2025-03-26", "auth/2025-03-26-oauth-metadata-backcompat"),
        (First, "initialize"), (First, "tools_call"),
        (Older, "initialize"), (Older, "sse-retry"), (Older, "elicitation-sep1034-client-defaults"),
        .. OfBoth.Select(static name => (Older, name)),
        .. OfBoth.Concat(OfTheNewest).Select(static name => (Newest, name)),
        (null, "auth/client-credentials-basic"),
    ];

    /// <summary>Gets why a scenario is left out, by its name.</summary>
    public static IReadOnlyDictionary<string, string> LeftOut { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["auth/2025-03-26-oauth-endpoint-fallback"] = "An authorization server without metadata is not guessed at; a server of 2025-03-26 needs them.",
        ["auth/client-credentials-jwt"] = "An extension: a host proves itself by a secret, not by a signed assertion.",
        ["auth/enterprise-managed-authorization"] = "An extension: tokens are not exchanged at an identity provider.",
        ["auth/dpop"] = "An extension: tokens are not bound to a key.",
        ["auth/dpop-nonce"] = "An extension: tokens are not bound to a key.",
        ["auth/wif-jwt-bearer"] = "An extension: a workload's identity is not exchanged for tokens.",
        ["sep-2640-client-no-prefetch"] = "An extension: servers' skills are not read.",
        ["sep-2640-client-verify-digest"] = "An extension: servers' skills are not read.",
        ["sep-2640-client-verify-size"] = "An extension: servers' skills are not read.",
        ["sep-2640-client-verify-frontmatter"] = "An extension: servers' skills are not read.",
    };
}
